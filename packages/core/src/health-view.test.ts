import { describe, expect, it, vi } from 'vitest'
import type { HealthSnapshot, HealthSource } from './health-node.ts'
import { HealthView } from './health-view.ts'

function sourceOf(health: Readonly<Record<string, Error | null>>, fields: Partial<HealthSnapshot> = {}): HealthSource {
  const report = new Map(Object.entries(health))
  const snapshot: HealthSnapshot = {
    version: '1',
    commit: 'c',
    startedAt: 1,
    checkedAt: 2,
    revision: 3,
    ready: true,
    healthy: true,
    everReady: true,
    readiness: report,
    health: report,
    ...fields,
  }
  return { snapshot: () => snapshot }
}

describe('HealthView', () => {
  const red = new Error('down')
  const nobody = (): void => {}

  it('has nothing before a checker has told of itself, and after it was cleared', () => {
    const view = new HealthView(nobody)
    expect([view.snapshots(), [...view.health()], view.revision()]).toEqual([[], [], ''])
    view.set('A', sourceOf({ App: null }))
    expect([view.snapshots().length, [...view.health()], view.revision()]).toEqual([1, [['App', null]], '1/3'])
    view.clear()
    expect(view.snapshots()).toEqual([])
  })

  it('shows the worst of several, and the newest under one name', () => {
    const view = new HealthView(nobody)
    view.set('A', sourceOf({ Both: null, A: red }))
    view.set('B', sourceOf({ Both: red }))
    expect([...view.health(), ...view.readiness()]).toEqual([
      ['Both', red],
      ['A', red],
      ['Both', red],
      ['A', red],
    ])
    view.set('A', sourceOf({}))
    expect([...view.health()]).toEqual([['Both', red]])
  })

  it('leaves out what cannot be read, and says so', () => {
    const failed = vi.fn<(error: unknown) => void>()
    const view = new HealthView(failed)
    view.set('A', {
      snapshot: () => {
        throw red
      },
    })
    for (const [i, snapshot] of [undefined, {}, { health: new Map(), readiness: 1 }].entries())
      view.set(`Wrong ${i}`, { snapshot: () => snapshot as never })
    view.set('B', sourceOf({ App: null }))
    expect([...view.health()]).toEqual([['App', null]])
    expect(failed).toHaveBeenCalledTimes(4)
    expect(failed).toHaveBeenCalledWith(red)
  })
})
