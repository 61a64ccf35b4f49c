import * as fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Command, programs } from './commands.ts'
import { countedSignal } from '../world.ts'
import { judgeEnd } from './judge.ts'
import { type Plans, plans, showPlan } from './plan.ts'
import { World } from './world.ts'

/** The same programs each time; another seed tries others, and a failure says which seed it had. */
const SEED = Number(process.env['TRIALS_SEED'] ?? 1)
const RUNS = Number(process.env['TRIALS_RUNS'] ?? 300)

afterEach(() => {
  vi.useRealTimers()
})

/** Ends the root whatever state it is in, and lets everything end that ever will. */
async function end(world: World): Promise<void> {
  if (world.stateOf(world.root) !== 'Unstarted') {
    const last = countedSignal()
    world.signals.push(last)
    world.call('the last close', () => world.root.service.close(last.controller.signal))
    await world.advance(50)
    last.controller.abort(new Error('the end'))
  }
  for (const budget of world.budgets) budget.abort(new Error('the end'))
  await world.advance(200)
  await world.advance(20_000, 100)
}

const show = (of: Plans): string =>
  Object.entries(of)
    .map(([name, plan]) => `  ${name}: ${showPlan(plan)}`)
    .join('\n')

/** A program that breaks the rules, as somebody would tell it. */
function explain(counterexample: readonly [Plans, Iterable<Command>] | null, error: unknown): string {
  const [of, program] = counterexample ?? []
  const services = of === undefined ? '' : show(of)
  const steps = [...(program ?? [])].map((step) => `  ${step.toString()}`)
  return [services, ...steps, error instanceof Error ? error.message : String(error)].join('\n')
}

describe('random programs over a tree of services', () => {
  it('keep what must be true, whatever happens', { timeout: 600_000 }, async () => {
    const property = fc.asyncProperty(plans, programs, async (of, program) => {
      const world = new World(of)
      try {
        await fc.asyncModelRun(() => ({ model: {}, real: world }), program)
        await end(world)
        const faults = judgeEnd(world)
        if (faults.length > 0) throw new Error(`At the end:\n${faults.join('\n')}`)
      } finally {
        world.dispose()
      }
    })
    const { failed, counterexample, errorInstance, seed, counterexamplePath, numShrinks } = await fc.check(property, {
      seed: SEED,
      numRuns: RUNS,
    })
    const told = failed ? explain(counterexample, errorInstance) : ''
    expect(told, `seed ${seed}, path ${counterexamplePath}, after ${numShrinks} shrinks`).toBe('')
  })
})
