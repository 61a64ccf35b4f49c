import { Budget } from './budget.ts'

/** One call's place in the line. */
export class Turn {
  readonly budget: Budget = new Budget()
  /** Whether nobody was before it: it goes on without an await. */
  readonly isNext: boolean
  /** Resolves when its turn has come, or it need not wait any longer. */
  readonly called: Promise<void>
  readonly call: () => void

  constructor(isNext: boolean) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.isNext = isNext
    this.called = promise
    this.call = resolve
  }
}

/** Starts and closes of one MultiStart go one after another, in the order in which they were called. */
export class Line {
  private readonly turns: Turn[] = []

  get isEmpty(): boolean {
    return this.turns.length === 0
  }

  join(): Turn {
    const turn = new Turn(this.isEmpty)
    this.turns.push(turn)
    return turn
  }

  leave(turn: Turn): void {
    this.turns.splice(this.turns.indexOf(turn), 1)
    this.turns[0]?.call()
  }

  /** Ends the waiting of all that are before a turn. */
  overtake(by: Turn): void {
    for (const turn of this.turns) {
      if (turn === by) return
      turn.budget.overtake()
    }
  }
}
