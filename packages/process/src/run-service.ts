import type { StartClose } from '@svc/core'
import { createHost } from './host.ts'
import type { RunOptions } from './options.ts'
import { runServiceIn } from './run.ts'

/**
 * Runs a service as a program: starts it, waits until it is asked to stop, stops it, and resolves to the exit code, which
 * it has set as `process.exitCode`.
 *
 * ```
 * around starts, service starts ─▶ running ─▶ draining ─▶ service closes, around closes ─▶ telemetry is flushed ─▶ exit code
 *                                    SIGTERM    └──────────── graceMs ─────────────┘       └─── flushMs ───┘
 * ```
 *
 * - A stop is asked for by SIGTERM or SIGINT, by `signal`, or by an uncaught exception. A second process signal ends the
 *   process at once with 128 and its number.
 * - At once, `scope.draining` aborts; the services go on for `drainDelayMs`. Then they are closed, the last started
 *   first, each given the end of the budget as its signal: past it, every step left is still begun, none is awaited.
 * - A stop during the start aborts the signal that each start was given; what had started is closed. That is no failure.
 * - When a start fails, what had started is closed within the same budget, and telemetry is flushed all the same.
 * - The exit code is 0; 1 when a start or a close failed, and after an uncaught exception; 2 for a `ConfigurationError`.
 *   A failure that `process.exitCode` tells of already is not overwritten by 0.
 * - A service that has been closed by hand is fine. One that is closed again after a failure is not.
 * - It holds the process while it runs, and leaves no listener. It ends the process itself only where something was left
 *   behind at the end of a budget, or where the process is still there five seconds after it was to end.
 *
 * The telemetry flush, and what does not end by itself, come on top of the grace: keep the sum of `graceMs` and `flushMs`
 * below what your platform gives (30 s in Kubernetes).
 *
 * @throws TypeError or RangeError for an argument that cannot be used, before anything has been started.
 *
 * @example
 * ```ts
 * await runService(app, { scope, around: [checker, admin], drainDelayMs: 5_000 })
 * ```
 */
export function runService(service: StartClose, options: RunOptions): Promise<number> {
  return runServiceIn(createHost(), service, options)
}
