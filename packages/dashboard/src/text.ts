// What a reader could not see, or what would turn the text around it: shown as a code instead.
const UNSEEN = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu
const SEEN: ReadonlySet<string> = new Set(['\n', '\t'])

/** A text of any kind as one that can be shown: unpaired surrogates are replaced, control characters named. */
export function visible(text: string): string {
  return text.toWellFormed().replaceAll('\r\n', '\n').replaceAll(UNSEEN, code)
}

function code(character: string): string {
  return SEEN.has(character) ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** The beginning of a text that is longer than `most`, with a note of its length. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text
  return `${text.slice(0, most)}… (${text.length.toLocaleString('en')} characters)`
}
