import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { SlotHeap } from './slot-heap.ts'
import type { Slot } from './wheel.ts'

const slot = (at: number): Slot => ({ map: new Map(), key: 0, at, place: 0, first: undefined, last: undefined })

describe('SlotHeap', () => {
  it('has the earliest on top, whatever is added, removed and put off', () => {
    const step = fc.record({
      what: fc.constantFrom('add', 'add', 'remove', 'later'),
      at: fc.nat(50),
      which: fc.nat(50),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const heap = new SlotHeap()
        const model: Slot[] = []
        for (const { what, at, which } of steps) {
          const chosen = model[which % Math.max(model.length, 1)]
          if (what === 'add' || chosen === undefined) {
            const added = slot(at)
            model.push(added)
            heap.add(added)
          } else if (what === 'remove') {
            model.splice(model.indexOf(chosen), 1)
            heap.remove(chosen)
          } else {
            chosen.at += at
            heap.sink(chosen)
          }
          expect(heap.top?.at).toBe(model.length === 0 ? undefined : Math.min(...model.map((it) => it.at)))
        }
        for (let { top } = heap; top !== undefined; { top } = heap) {
          expect(top.at).toBe(Math.min(...model.map((it) => it.at)))
          model.splice(model.indexOf(top), 1)
          heap.remove(top)
        }
        expect(model).toEqual([])
      }),
    )
  })

  it('lets the last one rise when it takes the place of one in a later branch', () => {
    const heap = new SlotHeap()
    const slots = [0, 10, 1, 11, 12, 2, 4, 20, 21, 22, 23, 3].map((at) => slot(at))
    for (const it of slots) heap.add(it)
    heap.remove(slots[3]!)
    const order: number[] = []
    for (let { top } = heap; top !== undefined; { top } = heap) {
      order.push(top.at)
      heap.remove(top)
    }
    expect(order).toEqual([0, 1, 2, 3, 4, 10, 12, 20, 21, 22, 23])
  })
})
