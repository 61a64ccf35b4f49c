import { checkDuration, checkObject, checkSignal } from './check.ts'
import { startTimer } from './timer.ts'

/**
 * Waits. Resolves to `true` after `ms`, or to `false` as soon as the signal aborts; it never rejects, and leaves neither
 * a timer nor a listener behind. A delay above 2^31-1 ms works. Go: `timeutil.Sleep`.
 *
 * @throws TypeError or RangeError for a delay that is no finite number of 0 or more, or a signal that is none.
 */
export function sleep(ms: number, options: { signal?: AbortSignal | undefined } = {}): Promise<boolean> {
  checkDuration(ms, 'the delay')
  checkObject(options, 'the options')
  const { signal } = options
  checkSignal(signal, 'option "signal"')
  if (signal?.aborted === true) return Promise.resolve(false)
  return new Promise((resolve) => {
    const cancel = startTimer(ms, () => {
      signal?.removeEventListener('abort', abort)
      resolve(true)
    })
    function abort(): void {
      cancel()
      signal?.removeEventListener('abort', abort)
      resolve(false)
    }
    signal?.addEventListener('abort', abort)
  })
}
