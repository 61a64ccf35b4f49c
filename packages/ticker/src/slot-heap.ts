import type { Slot } from './wheel.ts'

/** The slots by the time at which they fire, the earliest on top. Each knows its place, so that any can be taken out. */
export class SlotHeap {
  private readonly slots: Slot[] = []

  get top(): Slot | undefined {
    return this.slots[0]
  }

  add(slot: Slot): void {
    this.raise(slot, this.slots.length)
  }

  remove(slot: Slot): void {
    const last = this.slots.pop() as Slot
    if (last === slot) return
    this.raise(last, slot.place)
    this.sink(last)
  }

  /** Puts a slot whose time has become later where it belongs. */
  sink(slot: Slot): void {
    let place = slot.place
    for (;;) {
      const left = 2 * place + 1
      const right = left + 1
      let child = this.slots[left]
      if (child === undefined) break
      const other = this.slots[right]
      if (other !== undefined && other.at < child.at) child = other
      if (child.at >= slot.at) break
      const free = child.place
      this.put(child, place)
      place = free
    }
    this.put(slot, place)
  }

  private raise(slot: Slot, from: number): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.slots[above] as Slot
      if (parent.at <= slot.at) break
      this.put(parent, place)
      place = above
    }
    this.put(slot, place)
  }

  private put(slot: Slot, place: number): void {
    this.slots[place] = slot
    slot.place = place
  }
}
