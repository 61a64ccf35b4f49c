/** The longest delay that a Node timer takes; anything above fires at once. */
const LONGEST = 2 ** 31 - 1

/** Undoes a timer that has not fired. */
export type CancelTimer = () => void

/**
 * Runs `fn` once after `ms`, of any length. The global `setTimeout` is looked up at call time, so that fake timers work.
 * `hold: false` lets the process end while it waits.
 */
export function startTimer(ms: number, fn: () => void, hold = true): CancelTimer {
  // Counted down, not read off a clock: somebody may set the clock meanwhile.
  let left = ms
  let timer = arm()
  function arm(): NodeJS.Timeout {
    const delay = Math.min(left, LONGEST)
    left -= delay
    const armed = setTimeout(fire, delay)
    if (!hold) armed.unref()
    return armed
  }
  function fire(): void {
    if (left > 0) timer = arm()
    else fn()
  }
  return () => {
    clearTimeout(timer)
  }
}

/**
 * How long what has just heard of an abort may take to give up before it is abandoned, where nothing else says: the
 * notice and the deadline cannot be the same instant.
 */
export const GIVE_UP_MS = 500
