import { createStopChan, type StopContext } from '@svc/stopchan'
import { BadInputError } from '../bad-input-error.ts'
import { perform } from '../perform.ts'
import type { Scenario } from '../scenario.ts'
import { byBytes } from '../show.ts'

export function replayStopChan(scenario: Scenario): Promise<readonly string[]> {
  const chan = createStopChan()
  const parents = new Map<string, AbortController>()
  const children = new Map<string, StopContext>()
  function find<T>(things: ReadonlyMap<string, T>, name: string): T {
    const thing = things.get(name)
    if (thing === undefined)
      throw new BadInputError(`Cannot replay "${scenario.id}": nothing named "${name}" has been made`)
    return thing
  }
  return perform(scenario, {
    newCtx: (step) => {
      children.set(step.text(1), chan.child())
    },
    parent: (step) => {
      parents.set(step.text(1), new AbortController())
    },
    ctx: (step) => {
      children.set(step.text(1), chan.child({ signal: find(parents, step.text(2)).signal }))
    },
    cancelParent: (step) => {
      find(parents, step.text(1)).abort()
    },
    cancel: (step) => {
      find(children, step.text(1)).cancel()
    },
    close: () => {
      chan.close()
    },
    done: () => {
      const ended = [...children].filter(([, child]) => child.signal.aborted).map(([name]) => name)
      return `done ${ended.toSorted(byBytes).join(' ')}`
    },
  })
}
