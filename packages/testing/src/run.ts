import { joinErrors, type Service, type StartClose, toError } from '@svc/core'
import { checkFunction, checkObject, startTimer } from '@svc/core/internal'

/** Registers what runs at the end of a test and may fail it: `onTestFinished` of vitest, `t.after` of `node:test`, and their like. */
export type Cleanup = (fn: () => Promise<void>) => void

/** How often {@link runHealthy} looks. */
const LOOK_EVERY_MS = 1000

/**
 * Starts a service now and closes it at the end of the test. Rejects when the start fails, and then registers no close;
 * fails the test when the close does. Go: `servicetest.Run`.
 *
 * @example
 * ```ts
 * const service = await runForTest(createCounter(scope), onTestFinished)
 * ```
 */
export async function runForTest<S extends StartClose>(service: S, cleanup: Cleanup): Promise<S> {
  checkRun(service, cleanup)
  await service.start()
  cleanup(async () => {
    await service.close()
  })
  return service
}

/**
 * The same, and fails the test as well if the service is never ready, or is unhealthy at any look, once a second and
 * once before the close. Go: `servicetest.RunHealthy`.
 */
export async function runHealthy<S extends Service>(service: S, cleanup: Cleanup): Promise<S> {
  checkRun(service, cleanup)
  for (const method of ['readiness', 'healthReport'] as const)
    checkFunction(service[method], `the method "${method}" of the service`)
  await service.start()
  const watch = watchHealth(service)
  cleanup(async () => {
    const errors = watch()
    try {
      await service.close()
    } catch (error) {
      errors.push(toError(error))
    }
    const error = joinErrors(errors)
    if (error !== null) throw error
  })
  return service
}

/** Looks until it is ended, which gives back what was seen. */
function watchHealth(service: Service): () => Error[] {
  const seen = new Map<string, Error>()
  let ready = false
  let unready: Error | null = null
  function look(): void {
    try {
      unready = service.readiness()
      if (unready === null) ready = true
      for (const [name, error] of service.healthReport()) {
        if (error === null) continue
        const message = `${name} is unhealthy: ${error.message}`
        if (!seen.has(message)) seen.set(message, new Error(message, { cause: error }))
      }
    } catch (error) {
      const { message } = toError(error)
      seen.set(message, new Error(`The health cannot be read: ${message}`, { cause: error }))
    }
  }
  function lookAgain(): void {
    look()
    cancel = startTimer(LOOK_EVERY_MS, lookAgain, false)
  }
  let cancel = startTimer(LOOK_EVERY_MS, lookAgain, false)
  look()
  return () => {
    cancel()
    look()
    if (ready) return [...seen.values()]
    return [
      new Error(`${service.name()} was never ready: ${unready?.message ?? 'no reason given'}`, { cause: unready }),
      ...seen.values(),
    ]
  }
}

function checkRun(service: StartClose, cleanup: Cleanup): void {
  checkObject(service, 'the service')
  checkFunction(service.start, 'the method "start" of the service')
  checkFunction(service.close, 'the method "close" of the service')
  checkFunction(cleanup, 'the cleanup registration')
}
