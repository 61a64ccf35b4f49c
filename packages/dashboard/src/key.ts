import { createHash } from 'node:crypto'

/** Names a service in the first page. It follows from the id alone, so that links and what is folded outlive the program. */
export function keyOf(id: string): string {
  return `s${createHash('sha256').update(id).digest('base64url').slice(0, 10)}`
}
