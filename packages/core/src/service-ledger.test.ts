import { describe, expect, it } from 'vitest'
import { ChildScope } from './child-scope.ts'
import { OnceLog } from './once-log.ts'
import { type Account, boundedValue, OTHER, ServiceLedger } from './service-ledger.ts'

class Counts implements Account {
  readonly id: string
  scoped = false
  errors = 0
  dropped = 0
  readonly calls: string[] = []

  constructor(id: string) {
    this.id = id
  }

  startFailed(type: string): void {
    this.calls.push(`start ${type}`)
  }

  closeFailed(type: string): void {
    this.calls.push(`close ${type}`)
  }

  transitioned(to: string): void {
    this.calls.push(to)
  }

  watch(): void {
    this.calls.push('watch')
  }

  unwatch(): void {
    this.calls.push('unwatch')
  }
}

class Ledger extends ServiceLedger<Counts> {
  readonly other = new Counts(OTHER)
  readonly told: string[] = []

  constructor(maxServices = 10) {
    super(maxServices, new OnceLog())
  }

  protected open(id: string): Counts {
    return this.entries.size < this.maxServices ? new Counts(id) : this.other
  }

  protected override renewed(id: string, { id: account }: Counts): void {
    this.told.push(`renewed ${id} ${account}`)
  }

  protected override closed(id: string, { id: account }: Counts): void {
    this.told.push(`closed ${id} ${account}`)
  }
}

const scopeOf = (name: string): ChildScope => new ChildScope(name, undefined)
const idsOf = (ledger: Ledger): string[] => [...ledger.entries.keys()]

describe('ServiceLedger', () => {
  it('keeps what is so of the newest scope under an id, and the account of all of them', () => {
    const ledger = new Ledger()
    const [older, newer] = [scopeOf('A'), scopeOf('A')]
    const before = ledger.live(older)
    before.inFlight = 3
    expect([ledger.live(older) === before, ledger.isCurrent(older, before)]).toEqual([true, true])

    const after = ledger.live(newer)
    expect([after.inFlight, after.state, after.account === before.account]).toEqual([0, -1, true])
    expect([ledger.isCurrent(older, before), ledger.isCurrent(newer, after)]).toEqual([false, true])
    expect(ledger.told).toEqual(['renewed A A'])

    ledger.remove(older)
    expect(idsOf(ledger)).toEqual(['A'])
    ledger.remove(newer)
    expect([idsOf(ledger), ledger.told]).toEqual([[], ['renewed A A', 'closed A A']])
  })

  it('is not brought back by an event that comes after the removal', () => {
    const ledger = new Ledger()
    const scope = scopeOf('A')
    const live = ledger.live(scope)
    ledger.remove(scope)
    ledger.remove(scope)
    expect([ledger.live(scope) === live, ledger.isCurrent(scope, live), idsOf(ledger)]).toEqual([true, false, []])
    expect(ledger.told).toEqual(['closed A A'])
  })

  it('keeps a name that a checker tells of until both the checker and the scope are done with it', () => {
    const ledger = new Ledger()
    const scope = scopeOf('A')
    ledger.live(scope)
    const account = ledger.watch('A')
    expect([ledger.watch('A') === account, account.scoped, ledger.watch('B').scoped]).toEqual([true, true, false])
    for (const name of ['A', 'A', 'B', 'Never']) ledger.unwatch(name)
    expect([account.calls, idsOf(ledger)]).toEqual([['watch', 'unwatch'], ['A']])
    ledger.remove(scope)
    expect(ledger.told).toEqual(['closed B B', 'closed A A'])
  })

  it('goes through each account once, what is shared last, and never ends a share of it', () => {
    const ledger = new Ledger(1)
    for (const name of ['A', 'B', 'C']) ledger.watch(name)
    ledger.unwatch('B')
    const accounts: string[] = []
    ledger.eachAccount(({ id }) => accounts.push(id))
    expect(accounts).toEqual(['A', OTHER])
    expect(ledger.other.calls).toEqual(['watch', 'watch'])
  })

  it('counts up whenever a service comes or goes, and only then', () => {
    const ledger = new Ledger()
    const scope = scopeOf('A')
    const revisions: number[] = []
    const steps = [
      () => ledger.live(scope),
      () => ledger.live(scope),
      () => ledger.watch('B'),
      () => ledger.watch('B'),
      () => {
        ledger.remove(scope)
      },
      () => {
        ledger.clear()
      },
    ]
    for (const step of steps) {
      step()
      revisions.push(ledger.revision)
    }
    expect([revisions, idsOf(ledger)]).toEqual([[1, 1, 2, 2, 3, 4], []])
    ledger.live(scope)
    expect(idsOf(ledger)).toEqual(['A'])
  })
})

describe('boundedValue()', () => {
  it('gives the first 32 values as they are, known ones for ever, and `_other` for the rest', () => {
    const values = new Map<string, number>()
    for (let i = 0; i < 40; i++) values.set(boundedValue(values, `value ${i}`), i)
    expect(values.size).toBe(33)
    expect(['value 0', 'value 31', 'value 32', '__proto__'].map((value) => boundedValue(values, value))).toEqual([
      'value 0',
      'value 31',
      OTHER,
      OTHER,
    ])
  })
})
