import { describe, expect, it } from 'vitest'
import { html } from '../html.ts'
import type { Draft } from './draft.ts'
import { frameOf } from './frame.ts'
import { LiveView } from './live-view.ts'

function draft(key: string, text = '', more: Partial<Draft> = {}): Draft {
  const work = { suffix: '-w', html: text }
  return {
    key,
    list: 'tree',
    shape: 'leaf',
    level: 'good',
    id: key,
    title: html`${key}`,
    isOpen: true,
    pieces: [],
    work,
    ...more,
  }
}

describe('the view of a page', () => {
  it('keeps its revision while nothing changes', () => {
    const view = new LiveView()
    expect([view.update([draft('a')], 100), view.update([draft('a')], 100), view.revision]).toEqual([true, false, 2])
  })

  it('remembers a bounded number of removals, and sends everything to who missed more', () => {
    const view = new LiveView()
    view.update([draft('stays')], 100)
    const { revision } = view
    for (let i = 0; i < 2500; i++) {
      view.update([draft('stays'), draft(`job${i}`)], 100)
      view.update([draft('stays')], 100)
    }
    expect([view.nodes.size, view.gone.size <= 2000, view.knows(revision), view.knows(view.revision - 100)]).toEqual([
      1,
      true,
      false,
      true,
    ])
    expect(frameOf(view, view.revision - 4, '').gone).toEqual(['job2498', 'job2499'])
  })

  it('tells no removal of what has come back', () => {
    const view = new LiveView()
    view.update([draft('a'), draft('b')], 100)
    const from = view.revision
    view.update([draft('b')], 100)
    view.update([draft('a'), draft('b')], 100)
    const { gone, nodes, moves } = frameOf(view, from, '')
    expect([gone, nodes.map(([key]) => key), moves]).toEqual([[], ['a'], [['b', 'tree', 'a']]])
  })

  it('takes turns with what changes all the time, so that the last ones are not starved', () => {
    const view = new LiveView()
    const drafts = (text: string): Draft[] => ['a', 'b', 'c'].map((key) => draft(key, text))
    view.update(drafts(''), 100)
    const sent: string[] = []
    for (let i = 0; i < 4; i++) {
      const from = view.revision
      view.update(drafts(`text ${i}`), 1)
      sent.push(...frameOf(view, from, '').pieces.map(([id]) => id))
    }
    expect([sent, view.isBehind]).toEqual([['a-w', 'b-w', 'c-w', 'a-w'], true])
    view.update(drafts('text 3'), 100)
    expect(view.isBehind).toBe(false)
  })
})
