/** What a run needs of the process that it is in; a test gives it another one. */
export interface Host {
  on(event: HostEvent, listener: (...args: unknown[]) => void): void
  off(event: HostEvent, listener: (...args: unknown[]) => void): void
  listeners(event: HostEvent): readonly unknown[]
  exit(code: number): void
  getExitCode(): number | undefined
  setExitCode(code: number): void
  /** Writes to where errors are read, without a logger. */
  complain(text: string): void
  /** What keeps the process alive, by kind. */
  activeResources(): readonly string[]
}

/** The events that a run listens to. An unhandled rejection comes as an uncaught exception. */
export type HostEvent = StopSignal | 'uncaughtException'

/** The signals that ask a program to stop. */
export type StopSignal = 'SIGTERM' | 'SIGINT'

/** By name, with the number that an exit code tells them by. */
export const STOP_SIGNALS: Readonly<Record<StopSignal, number>> = { SIGTERM: 15, SIGINT: 2 }

/** The process that this code runs in. */
export function createHost(): Host {
  return {
    on: (event, listener) => {
      process.on(event, listener)
    },
    off: (event, listener) => {
      process.off(event, listener)
    },
    listeners: (event) => (process as NodeJS.EventEmitter).listeners(event),
    exit: (code) => {
      process.exit(code)
    },
    getExitCode: () =>
      process.exitCode === undefined || process.exitCode === null ? undefined : Number(process.exitCode),
    setExitCode: (code) => {
      process.exitCode = code
    },
    complain: (text) => {
      process.stderr.write(text)
    },
    activeResources: () => process.getActiveResourcesInfo(),
  }
}
