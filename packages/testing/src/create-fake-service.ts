import { type HealthReport, type Scope, type Service, sleep } from '@svc/core'
import { checkName, checkObject, checkOneOf, show } from '@svc/core/internal'
import { createService } from '@svc/engine'

/**
 * What a fake does instead of its work: `'throw'` throws at once, `'reject'` rejects, `'late'` rejects after 10 ms
 * whether or not anybody still waits for it, and `'hang'` never ends and hears no abort.
 */
export type Fault = 'throw' | 'reject' | 'late' | 'hang'

/** Where a fake can fail. */
export type FaultPoint = 'start' | 'close' | 'task' | 'tick' | 'report'

/** Options of {@link createFakeService}. */
export interface FakeServiceOptions {
  readonly name: string
  readonly parent?: Scope | undefined
  /** What fails and how; everything else works. A task runs from the start on, and a tick once a second. */
  readonly faults?: { readonly [at in FaultPoint]?: Fault | undefined } | undefined
  /** Sub-services, made with the fake as their parent. */
  readonly subServices?: ((parent: Scope) => readonly Service[]) | undefined
}

const FAULTS: readonly Fault[] = ['throw', 'reject', 'late', 'hang']
const POINTS: readonly FaultPoint[] = ['start', 'close', 'task', 'tick', 'report']
const LATE_MS = 10
const TICK_MS = 1000

/**
 * Makes a service that does nothing, and fails where it is told to with `NAME: fault at POINT`. A faulty report is what
 * a careless one may be: it throws, or gives a promise where a map is due.
 *
 * @throws TypeError for an unknown point or fault.
 */
export function createFakeService(options: FakeServiceOptions): Service {
  checkObject(options, 'the options')
  const { name, parent, faults = {}, subServices } = options
  checkName(name, 'option "name"')
  checkObject(faults, 'option "faults"')
  for (const [point, fault] of Object.entries(faults)) {
    checkOneOf(point, POINTS, 'a key of option "faults"')
    if (fault !== undefined) checkOneOf(fault, FAULTS, `option "faults" at ${show(point)}`)
  }
  const act = (point: FaultPoint): Promise<void> | undefined => {
    const fault = faults[point]
    return fault === undefined ? undefined : fail(fault, `${name}: fault at ${point}`)
  }
  const service = createService({
    name,
    parent,
    subServices,
    start: (engine) => {
      if (faults.task !== undefined) engine.go(() => act('task'), { label: 'task' })
      if (faults.tick !== undefined) engine.goTick({ periodMs: TICK_MS }, () => act('tick'), { label: 'tick' })
      return act('start')
    },
    close: () => act('close'),
  })
  return faults.report === undefined ? service : { ...service, healthReport: () => faultyReport(act) }
}

function fail(fault: Fault, message: string): Promise<void> {
  switch (fault) {
    case 'throw':
      throw new Error(message)
    case 'reject':
      return Promise.reject(new Error(message))
    case 'late':
      return sleep(LATE_MS).then(() => {
        throw new Error(message)
      })
    case 'hang':
      return new Promise(() => {})
  }
}

function faultyReport(act: (point: 'report') => Promise<void> | undefined): HealthReport {
  const promise = act('report')
  // Nobody awaits a report: its rejection must not end the test process.
  promise?.catch(() => {})
  return promise as unknown as HealthReport
}
