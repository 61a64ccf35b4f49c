import type { Closable, StartClose } from '@svc/core'
import { checkFunction, checkObject, show } from '@svc/core/internal'

/** One thing of a list, with its place for those that have no name. */
export interface Entry<T extends Closable> {
  readonly thing: T
  readonly position: number
}

export function checkServices(services: readonly StartClose[]): void {
  if (!Array.isArray(services))
    throw new TypeError(`Cannot start: expected an array of services, got ${show(services)}`)
  // By index: a hole is a wrong entry, which forEach would pass over.
  for (let i = 0; i < services.length; i++) {
    const service = services[i] as StartClose
    checkObject(service, `service ${i + 1} of the list`)
    checkFunction(service.start, `the method "start" of service ${i + 1} of the list`)
    checkFunction(service.close, `the method "close" of service ${i + 1} of the list`)
  }
}

/** Takes the list once, so that a generator will do, and looks at every entry before any is closed. */
export function closableEntries<T extends Closable>(closables: Iterable<T>): readonly Entry<T>[] {
  const iterable = closables as Partial<Iterable<T>> | null | undefined
  if (typeof closables === 'string' || typeof iterable?.[Symbol.iterator] !== 'function') {
    throw new TypeError(`Cannot close: expected an iterable of things to close, got ${show(closables)}`)
  }
  return Array.from(closables, (thing, index) => {
    checkObject(thing, `closable ${index + 1} of the list`)
    checkFunction(thing.close, `the method "close" of closable ${index + 1} of the list`)
    return { thing, position: index + 1 }
  })
}

/** The name that a deadline's report shows. */
export function nameOf({ thing, position }: Entry<Closable>): string {
  try {
    const name: unknown = (thing as { readonly name?: () => unknown }).name?.()
    if (typeof name === 'string' && name !== '') return name
  } catch {
    // A thing that cannot tell its name is reported by its place.
  }
  return `service ${position}`
}
