/** The longest delay that a Node timer takes; anything above fires at once. */
const LONGEST = 2 ** 31 - 1

/** Undoes a timer that has not fired. */
export type CancelTimer = () => void

/**
 * Runs `fn` once after `ms`, of any length. The global `setTimeout` is looked up at call time, so that fake timers work.
 * `hold: false` lets the process end while it waits.
 */
export function startTimer(ms: number, fn: () => void, hold = true): CancelTimer {
  const end = ms > LONGEST ? Date.now() + ms : 0
  let timer = arm(Math.min(ms, LONGEST), fire)
  function fire(): void {
    const left = end - Date.now()
    if (left > 0) timer = arm(Math.min(left, LONGEST), fire)
    else fn()
  }
  function arm(delay: number, callback: () => void): NodeJS.Timeout {
    const armed = setTimeout(callback, delay)
    if (!hold) armed.unref()
    return armed
  }
  return () => {
    clearTimeout(timer)
  }
}
