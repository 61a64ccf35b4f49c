import type { Service } from '@svc/core'
import { createService } from '@svc/engine'
import { createMultiStart } from '@svc/multistart'
import { createStateMachine } from '@svc/statemachine'
import { createTestScope, type TestScope } from '@svc/testing'
import { stateOf } from './state-of.ts'
import { aborted, type AtPoint, makeWorld } from './world.ts'

/** Something that starts and closes, whose every step is a point at which a trial can strike. */
export interface Subject {
  readonly scope: TestScope
  /** The points that the run has come by, in order. */
  readonly points: readonly string[]
  start(signal?: AbortSignal): Promise<void>
  close(signal?: AbortSignal): Promise<void>
  /** What somebody must still close. */
  open(): string[]
}

export interface LevelOptions {
  readonly startTimeoutMs?: number
  readonly closeTimeoutMs?: number
  readonly closeOrder?: 'reverse'
}

/** One of the shapes in which the same must be true. */
export interface Level {
  readonly name: string
  readonly starts: readonly string[]
  readonly closes: readonly string[]
  /** Whether it takes signals and deadlines. */
  readonly hears: boolean
  make(at: AtPoint, options?: LevelOptions): Subject
}

const NEVER = new AbortController().signal

const machine: Level = {
  name: 'a bare state machine',
  starts: ['start M'],
  closes: ['close M'],
  hears: false,
  make(at) {
    const scope = createTestScope()
    const points: string[] = []
    const it = createStateMachine({ name: 'M', parent: scope })
    const pass = (point: string): void | Promise<void> => (points.push(point), at(point, NEVER))
    return {
      scope,
      points,
      start: () => it.startOnce(() => pass('start M')),
      close: () => it.stopOnce(() => pass('close M')),
      open: () => (['Starting', 'Started', 'Stopping'].includes(it.state()) ? [`M is ${it.state()}`] : []),
    }
  },
}

const multistart: Level = {
  name: 'a multistart of three services',
  starts: ['start S1', 'start S2', 'start S3'],
  closes: ['close S3', 'close S2', 'close S1'],
  hears: true,
  make(at) {
    const scope = createTestScope()
    const points: string[] = []
    const pass = (point: string, signal: AbortSignal): void | Promise<void> => (points.push(point), at(point, signal))
    const services = ['S1', 'S2', 'S3'].map((name) =>
      createService({
        name,
        parent: scope,
        start: (engine, signal) => {
          engine.goTick({ periodMs: 1000 }, () => {}, { label: 'tick' })
          return pass(`start ${name}`, signal)
        },
        close: (_, signal) => pass(`close ${name}`, signal),
      }),
    )
    const all = createMultiStart()
    return {
      scope,
      points,
      start: (signal) => all.start(services, { signal }),
      close: (signal) => all.close(signal),
      open: () => openOf(services),
    }
  },
}

const engine: Level = {
  name: 'an engine',
  starts: ['start E'],
  closes: ['close E'],
  hears: true,
  make(at, options) {
    const scope = createTestScope()
    const points: string[] = []
    const pass = (point: string, signal: AbortSignal): void | Promise<void> => (points.push(point), at(point, signal))
    const service = createService({
      name: 'E',
      parent: scope,
      ...options,
      start: (inside, signal) => {
        inside.go(({ signal: stop }) => aborted(stop))
        inside.goTick({ periodMs: 1000 }, () => {}, { label: 'tick' })
        return pass('start E', signal)
      },
      close: (_, signal) => pass('close E', signal),
    })
    return { scope, points, start: service.start, close: service.close, open: () => openOf([service]) }
  },
}

const tree: Level = {
  name: 'a tree three deep',
  starts: ['start A1', 'start A2 2', 'start A 1', 'start B1 2', 'start B', 'start R 1', 'start Late 2', 'start R 2'],
  closes: ['close R', 'close Late', 'close A', 'close B', 'close A1', 'close A2', 'close B1'],
  hears: true,
  make(at, options) {
    const { scope, root, services, points } = makeWorld(at, options)
    return { scope, points, start: root.start, close: root.close, open: () => openOf(services) }
  },
}

function openOf(services: readonly Service[]): string[] {
  return services.flatMap((service) => {
    const state = stateOf(service)
    return ['Starting', 'Started', 'Stopping'].includes(state) ? [`${service.name()} is ${state}`] : []
  })
}

export const LEVELS: readonly Level[] = [machine, multistart, engine, tree]
