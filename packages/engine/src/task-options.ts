import { checkName, checkObject, checkSignal } from '@svc/core/internal'
import type { TaskOptions } from './engine.ts'

export function checkTaskOptions(options: TaskOptions | undefined): void {
  if (options === undefined) return
  checkObject(options, 'the options')
  if (options.label !== undefined) checkName(options.label, 'option "label"')
  checkSignal(options.signal, 'option "signal"')
}

/** How work is called: as its options say, else as its function, else as what it is. */
export function labelOf(
  options: TaskOptions | undefined,
  fn: { readonly name: string },
  kind: 'task' | 'tick',
): string {
  return options?.label ?? (fn.name === '' ? kind : fn.name)
}
