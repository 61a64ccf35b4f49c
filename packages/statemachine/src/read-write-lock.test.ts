import { type Arbitrary, array, assert, constantFrom, nat, property, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ReadWriteLock } from './read-write-lock.ts'

interface Step {
  readonly verb: 'read' | 'write' | 'leave' | 'withdraw'
  /** Which of those inside is to leave, or of those waiting to withdraw. */
  readonly at: number
}

const steps: Arbitrary<readonly Step[]> = array(
  record({
    verb: constantFrom<Step['verb'][]>('read', 'read', 'read', 'write', 'write', 'leave', 'leave', 'leave', 'withdraw'),
    at: nat({ max: 5 }),
  }),
  { maxLength: 60 },
)

/** Who is inside and who waits, by name: the lock as the Go original has it, without a thought for speed. */
class Model {
  inside: readonly string[] = []
  waiting: readonly string[] = []

  arrive(name: string): void {
    this.waiting = [...this.waiting, name]
    const isWriter = name.startsWith('W')
    const mustWait = this.inside.some(isA('W')) || (isWriter ? this.inside.length > 0 : this.waiting.some(isA('W')))
    if (!mustWait) this.enter([name])
  }

  leave(name: string): void {
    this.inside = this.inside.filter((it) => it !== name)
    if (name.startsWith('W')) this.enter(this.waiting.filter(isA('R')))
    const next = this.waiting.find(isA('W'))
    if (this.inside.length === 0 && next !== undefined) this.enter([next])
  }

  withdraw(name: string): void {
    this.waiting = this.waiting.filter((it) => it !== name)
    if (!this.waiting.some(isA('W')) && !this.inside.some(isA('W'))) this.enter(this.waiting)
  }

  private enter(names: readonly string[]): void {
    this.inside = [...this.inside, ...names]
    this.waiting = this.waiting.filter((it) => !names.includes(it))
  }
}

function isA(kind: 'R' | 'W'): (name: string) => boolean {
  return (name) => name.startsWith(kind)
}

describe('ReadWriteLock', () => {
  it('agrees with a model of the original, whatever is done to it', () => {
    assert(
      property(steps, (program) => {
        const lock = new ReadWriteLock()
        const model = new Model()
        const inside: string[] = []
        const waiting = new Map<string, () => void>()
        program.forEach(({ verb, at }, time) => {
          switch (verb) {
            case 'read': {
              const name = `R${time}`
              const enter = (): void => void inside.push(name)
              model.arrive(name)
              if (lock.holdsReaders) {
                lock.waitRead(enter)
              } else {
                lock.enterRead()
                enter()
              }
              break
            }
            case 'write': {
              const name = `W${time}`
              const enter = (): void => {
                waiting.delete(name)
                inside.push(name)
              }
              model.arrive(name)
              if (at % 2 === 0 && lock.tryWrite()) {
                enter()
              } else {
                waiting.set(name, enter)
                lock.write(enter)
              }
              break
            }
            case 'leave': {
              const name = inside[at % inside.length]
              if (name === undefined) break
              inside.splice(inside.indexOf(name), 1)
              model.leave(name)
              if (name.startsWith('W')) lock.leaveWrite()
              else lock.leaveRead()
              break
            }
            case 'withdraw': {
              const [name, enter] = [...waiting][at % waiting.size] ?? []
              if (name === undefined || enter === undefined) break
              waiting.delete(name)
              model.withdraw(name)
              expect(lock.withdraw(enter)).toBe(true)
              break
            }
          }
          expect(inside).toEqual(model.inside)
          expect(lock.isWriting).toBe(model.inside.some(isA('W')))
          expect(lock.holdsReaders).toBe([...model.inside, ...model.waiting].some(isA('W')))
        })
      }),
      { numRuns: 2000 },
    )
  })

  it('lets those in at once that end at once, ten thousand of them, without growing the stack', () => {
    const lock = new ReadWriteLock()
    const log: number[] = []
    lock.enterRead()
    for (let i = 0; i < 10_000; i++) {
      lock.write(() => {
        log.push(i)
        lock.leaveWrite()
      })
    }
    for (let i = 10_000; i < 20_000; i++) {
      lock.waitRead(() => {
        log.push(i)
        lock.leaveRead()
      })
    }
    lock.leaveRead()
    // The first writer, then every reader that waited, then the other writers
    expect(log).toHaveLength(20_000)
    expect([log[0], log[1], log[10_000], log[10_001], log.at(-1)]).toEqual([0, 10_000, 19_999, 1, 9999])
  })

  it('lets no writer in between readers that go together, though the first ends at once', () => {
    const lock = new ReadWriteLock()
    const log: string[] = []
    expect(lock.tryWrite()).toBe(true)
    lock.write(() => log.push('writer'))
    lock.waitRead(() => {
      log.push('first')
      lock.leaveRead()
    })
    lock.waitRead(() => log.push('second'))
    lock.leaveWrite()
    log.push('-')
    lock.leaveRead()
    expect(log).toEqual(['first', 'second', '-', 'writer'])
  })

  it('knows no writer to withdraw whose turn has come, or who never came', () => {
    const lock = new ReadWriteLock()
    const run = (): void => {}
    const before = lock.withdraw(run)
    lock.write(run)
    expect([before, lock.withdraw(run)]).toEqual([false, false])
  })
})
