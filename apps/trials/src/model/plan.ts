import * as fc from 'fast-check'

/** What a hook, task, tick or guarded function does. Times are milliseconds. */
export type Act =
  | { readonly does: 'end' | 'throw' | 'obey' | 'hang' }
  | { readonly does: 'take turns'; readonly turns: number }
  | { readonly does: 'sleep' | 'reject after' | 'tidy up for'; readonly ms: number }

/** How one service of a program is. */
export interface Plan {
  readonly start: Act
  readonly close: Act
  readonly closeOrder: 'concurrent' | 'reverse'
  readonly startTimeoutMs: number | undefined
  readonly closeTimeoutMs: number | undefined
}

/** The services of a program by name; `parentOf` says how they hang together. */
export type Plans = Readonly<Record<StaticName, Plan>>
export const STATIC_NAMES = ['R', 'A', 'A1', 'A2', 'B'] as const
export type StaticName = (typeof STATIC_NAMES)[number]
export const PARENT_OF: Readonly<Record<StaticName, StaticName | undefined>> = {
  R: undefined,
  A: 'R',
  A1: 'A',
  A2: 'A',
  B: 'R',
}

const ms: fc.Arbitrary<number> = fc.integer({ min: 1, max: 12 }).map((n) => n * 5)

function just(does: 'end' | 'throw' | 'obey' | 'hang'): fc.Arbitrary<Act> {
  return fc.constant({ does })
}

/** Mostly well-behaved: a program in which everything fails comes nowhere. */
export const act: fc.Arbitrary<Act> = fc.oneof(
  { withCrossShrink: true },
  { weight: 8, arbitrary: just('end') },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 6 }).map((turns): Act => ({ does: 'take turns', turns })) },
  { weight: 4, arbitrary: ms.map((it): Act => ({ does: 'sleep', ms: it })) },
  { weight: 2, arbitrary: just('obey') },
  { weight: 1, arbitrary: ms.map((it): Act => ({ does: 'tidy up for', ms: it })) },
  { weight: 1, arbitrary: just('throw') },
  { weight: 1, arbitrary: ms.map((it): Act => ({ does: 'reject after', ms: it })) },
  { weight: 1, arbitrary: just('hang') },
)

const timeout: fc.Arbitrary<number | undefined> = fc.oneof(
  { withCrossShrink: true },
  { weight: 12, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: ms },
)

export const plan: fc.Arbitrary<Plan> = fc.record({
  start: act,
  close: act,
  closeOrder: fc.constantFrom<Plan['closeOrder']>('concurrent', 'reverse'),
  startTimeoutMs: timeout,
  closeTimeoutMs: timeout,
})

export const plans: fc.Arbitrary<Plans> = fc.record({ R: plan, A: plan, A1: plan, A2: plan, B: plan })

/** As it stands in a program that is printed. */
export function showAct(it: Act): string {
  if (it.does === 'take turns') return `takes ${it.turns} turns`
  if (it.does === 'sleep') return `sleeps ${it.ms}`
  if (it.does === 'reject after') return `rejects after ${it.ms}`
  if (it.does === 'tidy up for') return `tidies up for ${it.ms}`
  return `${it.does}s`
}

export function showPlan({ start, close, closeOrder, startTimeoutMs, closeTimeoutMs }: Plan): string {
  const limits = [
    closeOrder === 'reverse' ? ', in reverse' : '',
    startTimeoutMs === undefined ? '' : `, start within ${startTimeoutMs}`,
    closeTimeoutMs === undefined ? '' : `, close within ${closeTimeoutMs}`,
  ]
  return `start ${showAct(start)}, close ${showAct(close)}${limits.join('')}`
}
