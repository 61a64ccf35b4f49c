import { age } from '../age.ts'
import { html, Html } from '../html.ts'
import { clip } from '../text.ts'

/** How much of a message is kept and shown; a log has the rest. */
export const MESSAGE = 2000
/** The same for a name. */
export const NAME = 300

/** A time that is over. */
export function duration(ms: number): string {
  if (ms < 1) return '<1 ms'
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : age(ms)
}

/** A time that goes on. What it says is filled in when a page is sent, and by the script: it is no difference to send. */
export function elapsed(at: number): Html {
  return html`<time data-at="${Math.round(at)}"></time>`
}

/** Fills in what times say at a moment. Only our own markup has such an element: all data is escaped. */
export function fillTimes(page: Html, now: number): Html {
  const { text } = page
  return new Html(text.replaceAll(/(?<=<time data-at="(\d+)">)(?=<\/time>)/g, (_, at: string) => age(now - Number(at))))
}

/** A time of the day, with the date if that is not the one of `now`. */
export function clock(at: number, now: number): string {
  const then = new Date(at).toISOString()
  const date = then.slice(0, 10) === new Date(now).toISOString().slice(0, 10) ? '' : `${then.slice(0, 10)} `
  return `${date}${then.slice(11, 19)} UTC`
}

export function count(n: number, one: string, many: string): string {
  return n === 1 ? `1 ${one}` : `${n.toLocaleString('en')} ${many}`
}

/** What an error says, whatever it is: a getter that throws must not take the page down. */
export function messageOf(error: unknown): string {
  try {
    const { message, name } = error as { message?: unknown; name?: unknown }
    const text = typeof message === 'string' && message !== '' ? message : `(no message, ${String(name)})`
    return detached(clip(text, MESSAGE))
  } catch {
    return '(a message that cannot be read)'
  }
}

/** A copy: a part of a long string would keep all of it. */
function detached(text: string): string {
  return text.length < MESSAGE ? text : Buffer.from(text, 'utf16le').toString('utf16le')
}
