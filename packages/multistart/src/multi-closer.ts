import type { Closable } from '@svc/core'
import { checkSignal } from '@svc/core/internal'
import { closeEntries } from './close-all.ts'
import { closableEntries } from './entry.ts'

/**
 * Makes one thing to close of several. Its `close` closes all of them at once, as `closeAll` does, each time that it is
 * called. The list is taken at once: what is added to it later is not closed. Go: `MultiCloser`.
 *
 * @throws TypeError for a wrong argument or entry.
 * @example
 * ```ts
 * const files = multiCloser([input, output])
 * await files.close()
 * ```
 */
export function multiCloser(closables: Iterable<Closable>): { close(signal?: AbortSignal): Promise<void> } {
  const entries = closableEntries(closables)
  return {
    close: async (signal) => {
      checkSignal(signal)
      await closeEntries(entries, signal)
    },
  }
}
