import type { Awaitable } from '@svc/core'
import type { StopContext } from '@svc/stopchan'
import type { StopNode } from '@svc/stopchan/internal'
import type { Ticker, TickerOptions } from '@svc/ticker'
import { createScopedTicker, isTicker, type TickSource, tickSourceOf } from '@svc/ticker/internal'
import type { TaskOptions } from './engine.ts'
import { labelOf } from './task-options.ts'
import { Task, type Tasks } from './tasks.ts'

type TickFunction = (tick: StopContext) => Awaitable<void>

/** Calls a function at each tick until the service closes; a task of the service all that time. */
export function startTicks(
  tasks: Tasks,
  ticker: Ticker | TickerOptions,
  fn: TickFunction,
  options: TaskOptions | undefined,
): void {
  const loop = new TickLoop(tasks, fn, labelOf(options, fn, 'tick'))
  const source = isTicker(ticker) ? tickSourceOf(ticker, loop) : createScopedTicker(tasks.engine, ticker, loop)
  tasks.track(loop)
  loop.begin(source)
}

class TickLoop extends Task {
  private readonly fn: TickFunction
  private ticks: TickSource | undefined = undefined
  private running = false

  constructor(tasks: Tasks, fn: TickFunction, label: string) {
    super(tasks, tasks.engine.chan.origin, 'tick', label, tasks.caller())
    this.fn = fn
  }

  begin(source: TickSource): void {
    this.ticks = source
    if (this.hasEnded) this.stop()
    else source.ready()
  }

  /** One tick, in a context of its own. */
  onTick(due?: number): void {
    const { tasks, label } = this
    const context = tasks.engine.chan.child() as StopNode
    this.running = true
    this.since = performance.now()
    tasks.run(
      () => this.fn(context),
      'tick',
      label,
      context,
      (failure) => {
        context[Symbol.dispose]()
        this.running = false
        if (failure !== null) tasks.hold('tick', label, failure)
        else tasks.engine.knownConditions?.clear(`tick ${label}`)
        if (this.hasEnded) tasks.remove(this)
        else this.ticks?.ready()
      },
      // A timer may fire a fraction of a millisecond early
      due === undefined ? undefined : Math.max(this.since - due, 0),
    )
  }

  /** A ticker of the user's has ended by itself, or has failed. */
  onEnd(error: unknown): void {
    if (error !== undefined) this.tasks.fail('tick', this.label, error)
    this.stopTicks()
    this.tasks.remove(this)
  }

  override stop(reason?: unknown): void {
    super.stop(reason)
    this.stopTicks()
    if (!this.running) this.tasks.remove(this)
  }

  /** A ticker of the user's that fails to stop must not keep a close from going on. */
  private stopTicks(): void {
    try {
      this.ticks?.stop()
    } catch (error) {
      this.tasks.fail('tick', this.label, error)
    }
  }
}
