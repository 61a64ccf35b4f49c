import type { HealthView } from './health-body.ts'
import { escapeHtml, oneLine } from './text.ts'

interface Branch {
  readonly name: string
  readonly error: Error | null
  readonly below: Branch[]
}

const HEAD =
  '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Health</title>\n' +
  '<style>body{font-family:system-ui,sans-serif;margin:2rem}details,p{margin:.2rem 0 .2rem 1.2rem}.failing{color:#b00020}pre{margin:.2rem 1.2rem;white-space:pre-wrap}</style>\n' +
  '</head>\n<body>\n'

/** A page without scripts: the tree of names, each a `<details>` with what is below it. */
export function renderHtml({ snapshot, entries, details }: HealthView): string {
  const out = [HEAD, `<h1 class="${status(snapshot.healthy)}">${snapshot.healthy ? 'Healthy' : 'Unhealthy'}</h1>\n`]
  // A loop with a stack of its own: how deep a tree of services goes is the user's affair.
  const open: (Branch | string)[] = toTree(entries).toReversed()
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'string') {
      out.push(next)
      continue
    }
    const { name, error, below } = next
    const label = `<span class="${status(error === null)}">${escapeHtml(oneLine(name))}: ${status(error === null)}</span>`
    const reason = error !== null && details ? `<pre>${escapeHtml(error.message)}</pre>` : ''
    if (below.length === 0) {
      out.push(`<p>${label}</p>${reason}\n`)
    } else {
      out.push(`<details open><summary>${label}</summary>${reason}\n`)
      open.push('</details>\n', ...below.toReversed())
    }
  }
  out.push('</body>\n</html>\n')
  return out.join('')
}

function status(ok: boolean): string {
  return ok ? 'passing' : 'failing'
}

/** A name stands below the longest other name that it goes on from after a dot; the entries are in the order of names. */
function toTree(entries: HealthView['entries']): Branch[] {
  const roots: Branch[] = []
  const branches = new Map<string, Branch>()
  for (const [name, error] of entries) {
    const branch: Branch = { name, error, below: [] }
    const siblings = parentOf(name, branches)?.below ?? roots
    siblings.push(branch)
    branches.set(name, branch)
  }
  return roots
}

function parentOf(name: string, branches: ReadonlyMap<string, Branch>): Branch | undefined {
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const parent = branches.get(name.slice(0, dot))
    if (parent !== undefined) return parent
  }
  return undefined
}
