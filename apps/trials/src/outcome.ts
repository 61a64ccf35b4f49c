import { errorTree, isServiceError, type ServiceError, type ServiceErrorCode } from '@svc/core'
import { vi } from 'vitest'

/** How a call ended. */
export type Outcome = ServiceError | 'ok' | 'hangs'

/** Runs a call to its end under fake timers, whatever timers that takes, or `ms` at the most. */
export async function outcomeOf(work: Promise<unknown>, ms = 20_000): Promise<Outcome> {
  let outcome: Outcome = 'hangs'
  work.then(
    () => (outcome = 'ok'),
    (error: unknown) => (outcome = error as ServiceError),
  )
  for (let i = 0; i < 20; i++) await vi.advanceTimersByTimeAsync(0)
  for (let at = 0; at < ms && outcome === 'hangs'; at += 100) await vi.advanceTimersByTimeAsync(100)
  return outcome
}

/** Lets so many turns of the microtask queue pass. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve()
}

/** What was thrown in the first place: the messages of an error's tree that have nothing under them. */
export function originalsOf(error: unknown): string[] {
  return [...errorTree(error)]
    .filter((it) => (it as Error).cause === undefined && !(it instanceof AggregateError))
    .map((it) => (it as Error).message)
}

/** The codes of all the errors of ours in an error's tree, in order. */
export function codesOf(error: unknown): ServiceErrorCode[] {
  return [...errorTree(error)].flatMap((it) => (isServiceError(it) ? it.code : []))
}

/** The full names of all that a deadline's errors say had not ended. */
export function pendingOf(error: unknown): string[] {
  return [...errorTree(error)].flatMap((it) => (it as ServiceError).pending ?? []).map((work) => work.service)
}
