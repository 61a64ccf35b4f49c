import { turns } from '../outcome.ts'
import { aborted } from '../world.ts'
import type { Act } from './plan.ts'

/** Does what an act that is not over at once says; whether it fails then is for whoever calls it. */
export async function performAct(act: Act, signal: AbortSignal): Promise<void> {
  switch (act.does) {
    case 'take turns':
      return turns(act.turns)
    case 'sleep':
    case 'reject after':
      return sleepFor(act.ms)
    case 'tidy up for':
      await aborted(signal)
      return sleepFor(act.ms)
    case 'obey':
      await aborted(signal)
      throw signal.reason
    case 'hang':
      return new Promise(() => {})
    case 'end':
    case 'throw':
      return undefined
  }
}

function sleepFor(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
