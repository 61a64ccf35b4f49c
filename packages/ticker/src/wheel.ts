import { AsyncLocalStorage } from 'node:async_hooks'
import { type CancelTimer, startTimer } from '@svc/core/internal'
import type { Beat, Timetable } from './beat.ts'
import { SlotHeap } from './slot-heap.ts'

/** Beats that fire together, in the order in which they were added: those that fall due in one stretch of time. */
export interface Slot {
  readonly map: Map<number, Slot>
  readonly key: number
  /** When it fires: when the last of its beats is due. One alone is on time; none is early. */
  at: number
  /** Where it is in the heap. */
  place: number
  first: Beat | undefined
  last: Beat | undefined
}

/**
 * One timer for all the tickers of a root scope. Those due within a slot share a wake-up, which is what saves time with
 * thousands of them: a slot is 8 ms wide, or the power of two at or below a 64th of a shorter period. Being idle, it has no
 * timer; waiting, its timer does not keep the process alive.
 */
export class Wheel implements Timetable {
  /** By width: 1, 2, 4 and 8 ms, a map from the number of a slot to the slot. */
  private readonly maps: readonly Map<number, Slot>[] = [new Map(), new Map(), new Map(), new Map()]
  private readonly heap = new SlotHeap()
  /** One async context for its timer, the one in which it was made, which is its root scope's: not that of whichever ticker happened to set it. */
  private readonly enclose: (fn: () => void) => void = AsyncLocalStorage.snapshot()
  private cancel: CancelTimer | undefined = undefined
  private wakesAt = Infinity
  private reached = 0
  private isAwake = false

  /**
   * Never behind a timer that has fired, which may be a fraction of a millisecond early. A wake-up is one moment: the
   * clock is not read again for each of its beats.
   */
  now(): number {
    if (this.isAwake) return this.reached
    return Math.max(performance.now(), this.reached)
  }

  add(beat: Beat): void {
    const slot = this.slotFor(beat)
    beat.slot = slot
    beat.previous = slot.last
    if (slot.last === undefined) slot.first = beat
    else slot.last.next = beat
    slot.last = beat
    if (!this.isAwake && slot.at < this.wakesAt) this.arm()
  }

  remove(beat: Beat): void {
    const { slot, previous, next } = beat
    if (slot === undefined) return
    if (previous === undefined) slot.first = next
    else previous.next = next
    if (next === undefined) slot.last = previous
    else next.previous = previous
    beat.slot = beat.previous = beat.next = undefined
    if (slot.first !== undefined) return
    slot.map.delete(slot.key)
    this.heap.remove(slot)
    if (!this.isAwake && this.heap.top === undefined) this.arm()
  }

  private slotFor({ due, periodMs }: Beat): Slot {
    const size = periodMs >= 512 ? 3 : periodMs >= 256 ? 2 : periodMs >= 128 ? 1 : 0
    const map = this.maps[size] as Map<number, Slot>
    const key = Math.floor(due / (1 << size))
    let slot = map.get(key)
    if (slot === undefined) {
      slot = { map, key, at: due, place: 0, first: undefined, last: undefined }
      map.set(key, slot)
      this.heap.add(slot)
    } else if (due > slot.at) {
      slot.at = due
      this.heap.sink(slot)
    }
    return slot
  }

  /** Sets the one timer for the earliest slot; takes it off when there is none. */
  private arm(): void {
    this.cancel?.()
    this.cancel = undefined
    const { top } = this.heap
    this.wakesAt = top === undefined ? Infinity : top.at
    if (top !== undefined) this.enclose(this.set)
  }

  private readonly set = (): void => {
    this.cancel = startTimer(Math.max(Math.ceil(this.wakesAt - this.now()), 1), this.wake, false)
  }

  private readonly wake = (): void => {
    this.cancel = undefined
    this.reached = Math.max(performance.now(), this.wakesAt)
    this.isAwake = true
    try {
      this.ringUntil(this.reached)
    } finally {
      this.isAwake = false
      this.arm()
    }
  }

  private ringUntil(now: number): void {
    for (let slot = this.heap.top; slot !== undefined && slot.at <= now; slot = this.heap.top) {
      const beat = slot.first as Beat
      this.remove(beat)
      beat.ring(now)
    }
  }
}
