import { describe, expect, it } from 'vitest'
import { Link, Ring } from './ring.ts'

class Named extends Link {
  readonly name: string
  private readonly heard: (name: string, reason: unknown) => void

  constructor(name: string, heard: (name: string, reason: unknown) => void) {
    super()
    this.name = name
    this.heard = heard
  }

  override stop(reason: unknown): void {
    this.heard(this.name, reason)
  }
}

function filled(
  names: readonly string[],
  heard: (name: string, reason: unknown) => void = () => {},
): { ring: Ring; links: readonly Named[] } {
  const ring = new Ring()
  const links = names.map((name) => new Named(name, heard))
  for (const link of links) ring.append(link)
  return { ring, links }
}

function names(ring: Ring): readonly string[] {
  const found: string[] = []
  ring.forEach((link) => found.push((link as Named).name))
  return found
}

describe('Ring', () => {
  it('is empty, then holds what is appended, in order', () => {
    expect([names(new Ring()), new Ring().isEmpty]).toEqual([[], true])
    const { ring } = filled(['a', 'b', 'c'])
    expect([names(ring), ring.isEmpty]).toEqual([['a', 'b', 'c'], false])
  })

  it('lets go of any member, at both ends and in between, twice if you like', () => {
    const { ring, links } = filled(['a', 'b', 'c', 'd'])
    const [a, b, , d] = links as [Named, Named, Named, Named]
    for (const link of [b, a, d, b]) link.unlink()
    expect([names(ring), links.map((link) => link.isLinked)]).toEqual([['c'], [false, false, true, false]])
  })

  it('takes a member back that has left', () => {
    const { ring, links } = filled(['a', 'b'])
    links[0]?.unlink()
    ring.append(links[0] as Named)
    expect(names(ring)).toEqual(['b', 'a'])
  })

  it('stops the oldest first, each with the reason, once it has left', () => {
    const log: string[] = []
    const { ring, links } = filled(['a', 'b', 'c'], (name, reason) => {
      log.push(`${name} ${String(reason)}, ${links.filter((link) => link.isLinked).length} left`)
    })
    ring.stopAll('now')
    expect([log, ring.isEmpty]).toEqual([['a now, 2 left', 'b now, 1 left', 'c now, 0 left'], true])
  })

  it('stops those that join while it stops, and not those that leave', () => {
    const log: string[] = []
    const { ring, links } = filled(['a', 'b', 'c', 'd'], (name) => {
      log.push(name)
      if (name === 'a') {
        links[1]?.unlink()
        links[2]?.unlink()
        ring.append(new Named('e', (late) => log.push(late)))
      }
    })
    ring.stopAll(undefined)
    expect([log, ring.isEmpty]).toEqual([['a', 'd', 'e'], true])
  })
})
