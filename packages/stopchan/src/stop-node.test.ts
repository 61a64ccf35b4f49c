import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { listenersOf } from './fixtures/listeners.ts'
import { Link } from './ring.ts'
import { StopSource } from './source.ts'
import { StopNode } from './stop-node.ts'
import { sourceOf, stopView } from './stop-view.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

class Heard extends Link {
  readonly reasons: unknown[] = []
  override stop(reason: unknown): void {
    this.reasons.push(reason)
  }
}

describe('StopNode', () => {
  it('costs nothing to end while unread: it never joins its source', () => {
    const source = new StopSource()
    const node = new StopNode(source)
    let members = 0
    source.forEach(() => members++)
    node.cancel()
    expect([members, node.isLinked, node.hasEnded]).toEqual([0, false, true])
  })

  it('has a new limit in the place of the old one', () => {
    const node = new StopNode(new StopSource()).limit(1000).limit(5000)
    vi.advanceTimersByTime(4999)
    const before = node.hasEnded
    vi.advanceTimersByTime(1)
    expect([before, node.hasEnded, vi.getTimerCount()]).toEqual([false, true, 0])
  })

  it('takes no limit once its source has stopped', () => {
    const source = new StopSource()
    const node = new StopNode(source)
    source.stop('x')
    node.limit(1000)
    expect([vi.getTimerCount(), node.reason]).toEqual([0, 'x'])
  })

  it('shares its signal: what is derived of that joins it, and adds no listener', () => {
    const source = new StopSource()
    const node = new StopNode(source)
    const signal = node.share()
    const children = [stopView(signal).child(), stopView(signal).child(), new StopNode(sourceOf(node.share()))]
    const reasons = children.map((child) => child.signal)
    const listeners = listenersOf(signal)
    source.stop('x')
    expect([listeners, signal.reason, reasons.map(({ reason }) => reason as string)]).toEqual([0, 'x', ['x', 'x', 'x']])
  })

  it('stops what depends on it after its own signal, which finds that stopped already', () => {
    const log: string[] = []
    const node = new StopNode(new StopSource())
    const signal = node.share()
    const child = stopView(signal).child()
    child.signal.addEventListener('abort', () => log.push(`child: ${String(child.signal.reason)}`))
    signal.addEventListener('abort', () => {
      log.push('own')
      child.cancel('too late')
      log.push(`new child: ${String(stopView(signal).child().signal.reason)}`)
    })
    node.cancel('x')
    expect(log).toEqual(['own', 'child: x', 'new child: x'])
  })

  it('has dependents that have stopped once it has ended', () => {
    const node = new StopNode(new StopSource())
    node.cancel('x')
    expect([node.asSource().isStopped, node.asSource().reason]).toEqual([true, 'x'])
  })

  it('lets go of its sources without ending', () => {
    const source = new StopSource()
    const foreign = new AbortController()
    const node = new StopNode(source).follow(sourceOf(foreign.signal)).limit(1000)
    const { signal } = node
    node.detach()
    foreign.abort()
    source.stop('x')
    vi.advanceTimersByTime(1000)
    expect([signal.aborted, listenersOf(foreign.signal), vi.getTimerCount()]).toEqual([false, 0, 0])
  })
})

describe('StopSource', () => {
  it('stops its members once, with the reason known before', () => {
    const source = new StopSource()
    const [a, b] = [new Heard(), new Heard()]
    source.link(a)
    source.link(b)
    source.stop('x')
    source.stop('y')
    expect([a.reasons, b.reasons, source.isStopped, source.reason]).toEqual([['x'], ['x'], true, 'x'])
  })
})
