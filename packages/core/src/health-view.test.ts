import { describe, expect, it, vi } from 'vitest'
import type { HealthSnapshot, HealthSource } from './health-node.ts'
import { HealthView } from './health-view.ts'
import { createScope, type Scope } from './scope.ts'

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

function scopeOf(name: string): Scope {
  return createScope({ name })
}

describe('HealthView', () => {
  const red = new Error('down')
  const nobody = (): void => {}

  it('has nothing before a checker has told of itself, and after it was cleared', () => {
    const view = new HealthView(nobody)
    expect([view.snapshots(), [...view.health()], view.revision()]).toEqual([[], [], ''])
    view.set(scopeOf('A'), sourceOf({ App: null }))
    expect([view.snapshots().length, [...view.health()], view.revision()]).toEqual([1, [['App', null]], '1/3'])
    view.clear()
    expect(view.snapshots()).toEqual([])
  })

  it('shows the worst of several, also of those under one name', () => {
    const view = new HealthView(nobody)
    const [first, second] = [sourceOf({ Both: null, A: red }), sourceOf({ Both: red })]
    const [one, other] = [scopeOf('A'), scopeOf('A')]
    // Each tells again and again
    for (let i = 0; i < 2; i++) {
      view.set(one, first)
      view.set(other, second)
    }
    for (const report of [view.health(), view.readiness()]) {
      expect([...report]).toEqual([
        ['Both', red],
        ['A', red],
      ])
    }
  })

  it.each(['Stopped', 'StopFailed', 'StartFailed'] as const)(
    'gives the place of one that is %s to the next',
    (state) => {
      const view = new HealthView(nobody)
      const [one, other] = [scopeOf('A'), scopeOf('A')]
      const [first, second] = [sourceOf({ Gone: red }), sourceOf({ App: null })]
      view.set(one, first)
      view.moved(one, 'Stopping')
      view.moved(one, state)
      expect([...view.health()]).toEqual([['Gone', red]])
      view.set(scopeOf('B'), sourceOf({}))
      expect([...view.health().keys()]).toEqual(['Gone'])
      view.set(other, second)
      view.set(one, first)
      expect([...view.health()]).toEqual([['App', null]])
    },
  )

  it('gives the place of one that was never started to the next', () => {
    const view = new HealthView(nobody)
    view.set(scopeOf('A'), sourceOf({ Gone: red }, { startedAt: 0 }))
    view.set(scopeOf('A'), sourceOf({ App: null }))
    expect([...view.health()]).toEqual([['App', null]])
  })

  it('leaves out what cannot be read, and says so', () => {
    const failed = vi.fn<(error: unknown) => void>()
    const view = new HealthView(failed)
    view.set(scopeOf('A'), {
      snapshot: () => {
        throw red
      },
    })
    for (const [i, snapshot] of [undefined, {}, { health: new Map(), readiness: 1 }].entries())
      view.set(scopeOf(`Wrong ${i}`), { snapshot: () => snapshot as never })
    view.set(scopeOf('B'), sourceOf({ App: null }))
    expect([...view.health()]).toEqual([['App', null]])
    expect(failed).toHaveBeenCalledTimes(4)
    expect(failed).toHaveBeenCalledWith(red)
  })
})
