/** The longest name or id on a span. */
export const NAME_LIMIT = 1024
/** The longest message, as a status description or of an exception. */
export const MESSAGE_LIMIT = 2048
/** The longest stack trace, its causes included: 128 events of this size stay under the 4 MB that collectors take. */
export const STACK_LIMIT = 8192

/** Cuts a text that is longer than `limit`. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  const last = text.charCodeAt(limit - 2)
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 2 : limit - 1
  // A slice would keep the whole of a message of 1 MB alive for as long as its span is queued; this copies.
  return JSON.parse(JSON.stringify(`${text.slice(0, end)}…`)) as string
}
