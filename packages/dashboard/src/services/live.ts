import { randomUUID } from 'node:crypto'
import { now } from '@svc/core/internal'
import { type Draft, drawCards, RowDrafts } from './draft.ts'
import type { Moment } from './draw-row.ts'
import { frameOf } from './frame.ts'
import { drawHead, type Head, problemsOf } from './head.ts'
import { html } from '../html.ts'
import type { Checkers } from './health.ts'
import { LiveView } from './live-view.ts'
import { toRows } from './rows.ts'
import type { Services } from './services.ts'

/** How many characters of what changes all the time are sent at once. */
const WORK_ROOM = 64 * 1024

/** The page of the services for those who may see the same, drawn once for all of them. */
export class Live {
  readonly view: LiveView = new LiveView()
  /** Tells one view from another, also from that of an earlier run of the program. */
  readonly epoch: string = randomUUID()
  headline = ''
  private readonly drafts = new RowDrafts()
  private readonly services: Services
  private readonly checkers: Checkers
  private readonly details: boolean
  private readonly program: () => string
  private readonly frames = new Map<number | undefined, string>()
  private framesOf = 0

  constructor(services: Services, checkers: Checkers, details: boolean, program: () => string) {
    this.services = services
    this.checkers = checkers
    this.details = details
    this.program = program
  }

  /** Brings the view up to date. */
  refresh(room: number = WORK_ROOM): void {
    const at = now()
    const health = this.checkers.read()
    // A name may be in a report before it is in an event.
    for (const name of health.health.keys()) if (!this.services.entries.has(name)) this.services.watch(name)
    const rows = toRows(withNames(this.services), health, at)
    const moment: Moment = { at, details: this.details }
    const head = drawHead(rows, health, moment)
    this.headline = head.headline
    this.view.update(
      [headDraft(head), ...drawCards(problemsOf(rows, at), moment), ...this.drafts.draw(rows, moment)],
      room,
    )
  }

  /** What a reader of a revision lacks, as JSON; readers of the same one share it. */
  frame(from: number | undefined): string {
    if (this.framesOf !== this.view.revision) this.frames.clear()
    this.framesOf = this.view.revision
    let frame = this.frames.get(from)
    if (frame === undefined) this.frames.set(from, (frame = JSON.stringify(frameOf(this.view, from, this.title))))
    return frame
  }

  get title(): string {
    return [this.headline, this.program()].filter((part) => part !== '').join(' · ')
  }
}

/** A task on a scope without a name is nobody's. */
function withNames({ entries }: Services): Services['entries'] {
  if (!entries.has('')) return entries
  return new Map([...entries].filter(([id]) => id !== ''))
}

function headDraft({ level, headline, facts }: Head): Draft {
  return {
    key: 'head',
    list: '',
    shape: 'card',
    level,
    id: '',
    title: html``,
    isOpen: false,
    pieces: [
      { suffix: '-s', html: html`${headline}`.text },
      { suffix: '-m', html: facts.text },
    ],
    work: undefined,
  }
}
