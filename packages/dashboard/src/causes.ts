import { errorTree } from '@svc/core'
import { html, type Html } from './html.ts'
import { messageOf } from './services/words.ts'

/** What is behind an error. */
export interface Causes {
  /** Outermost first. */
  readonly texts: readonly string[]
  /** How many more there are. */
  readonly more: number
}

export const NO_CAUSES: Causes = { texts: [], more: 0 }

const MOST_CAUSES = 8
/** How many errors of one tree are looked at. */
const MOST_VISITED = 1000

/** What is below an error in its tree, leaving out what repeats what was said already. */
export function causesOf(error: unknown, text: string, most: number = MOST_CAUSES): Causes {
  const texts: string[] = []
  let said = text
  let more = 0
  let visited = 0
  for (const part of errorTree(error)) {
    if (part === error) continue
    if (++visited > MOST_VISITED) break
    const message = typeof part === 'string' ? part : messageOf(part)
    if (said.includes(message)) continue
    if (texts.length === most) more++
    else {
      texts.push(message)
      said += `\n${message}`
    }
  }
  return { texts, more }
}

export function drawCauses({ texts, more }: Causes): Html {
  return html`${texts.map((text) => html`<span class="cause">because <bdi class="text">${text}</bdi></span>`)}${more > 0 && html`<span class="cause">and ${more.toLocaleString('en')} more</span>`}`
}
