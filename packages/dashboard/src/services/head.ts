import { html, type Html } from '../html.ts'
import type { Health } from './health.ts'
import type { Level, Row } from './rows.ts'
import { clock, count, elapsed } from './words.ts'
import type { Moment } from './draw-row.ts'

/** All that is said of the program as a whole. */
export interface Head {
  readonly level: Level
  readonly headline: string
  readonly facts: Html
}

/** How long a start or a close may take before it is listed with what is wrong. */
const SLOW_MS = 5000

/** What is not well, that which has been so for longest first: it is likely to be what the others suffer from. */
export function problemsOf(rows: readonly Row[], at: number): Row[] {
  const bad = rows.filter(({ level }) => level === 'bad')
  const slow = rows.filter(
    ({ level, word, entry }) => level === 'wait' && (word === 'Not ready' || at - entry.stateAt > SLOW_MS),
  )
  const since = ({ entry }: Row): number => entry.since ?? at
  // What is under another that waits for it is the reason: the deepest first.
  return [...bad.toSorted((one, other) => since(one) - since(other)), ...slow.toReversed()]
}

export function drawHead(rows: readonly Row[], health: Health, moment: Moment): Head {
  const draining = rows.some(({ entry }) => !entry.hasEnded && entry.draining?.aborted === true)
  const [level, headline] = judge(rows, health, draining)
  return { level, headline, facts: drawFacts(health, draining, moment) }
}

function judge(rows: readonly Row[], { ready }: Health, draining: boolean): readonly [Level, string] {
  const total = rows.length
  const number = (level: Level): number => rows.filter((row) => row.level === level).length
  const bad = number('bad')
  if (total === 0) return ['off', 'No services yet']
  if (bad > 0) {
    return [
      'bad',
      bad === total
        ? `${total === 1 ? 'The service is' : `All ${total} services are`} unhealthy`
        : `${bad} of ${count(total, 'service', 'services')} ${bad === 1 ? 'is' : 'are'} unhealthy`,
    ]
  }
  const top = rows.filter(({ parent }) => parent === undefined)
  if (rows.some(({ word }) => word === 'Stopping')) return ['wait', `Stopping: ${number('off')} of ${total} stopped`]
  if (top.every(({ word }) => word === 'Stopped')) return ['off', 'Stopped']
  if (draining) return ['wait', 'Draining: still serving, not ready for more']
  if (rows.some(({ word }) => word === 'Starting')) return ['wait', `Starting: ${number('good')} of ${total} started`]
  if (ready === false) return ['wait', 'Not ready']
  if (number('good') === total)
    return ['good', total === 1 ? 'The service is healthy' : `All ${total} services are healthy`]
  return ['good', `Nothing is unhealthy: ${number('good')} of ${total} services are running`]
}

function drawFacts(health: Health, draining: boolean, { at, details }: Moment): Html {
  const { ready, version, commit, startedAt, checkedAt } = health
  const facts: Html[] = []
  if (ready !== undefined) facts.push(ready && !draining ? html`ready` : html`<b>not ready</b>`)
  if (draining) facts.push(html`<b>draining</b>`)
  if (details && version !== '') facts.push(html`version <bdi>${version}</bdi>`)
  if (details && commit !== '') facts.push(html`commit <bdi class="mono">${commit}</bdi>`)
  if (startedAt > 0) facts.push(html`up ${elapsed(startedAt)}`)
  if (checkedAt > 0) facts.push(html`polled ${clock(checkedAt, at)}`)
  return html`${facts.map((fact) => html`<li>${fact}</li>`)}`
}
