import { visible } from './text.ts'

/** Finished markup: what {@link html} makes, and the one thing that it does not escape. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** What may stand in a template: nothing is shown of `undefined`, `null` and `false`. */
export type HtmlValue = Html | string | number | null | undefined | false | readonly HtmlValue[]

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Markup in which every value is data, in text and in quoted attributes: names and messages are shown, never run. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = strings[0] as string
  for (let i = 0; i < values.length; i++) text += write(values[i]) + (strings[i + 1] as string)
  return new Html(text)
}

/** A text as markup. */
export function escapeHtml(text: string): string {
  return visible(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] as string)
}

function write(value: HtmlValue): string {
  if (value === undefined || value === null || value === false) return ''
  if (typeof value === 'string') return escapeHtml(value)
  if (typeof value === 'number') return String(value)
  return value instanceof Html ? value.text : value.map(write).join('')
}
