import type { Checks, ProbeName } from './checks.ts'
import { createReply, type Reply, TEXT } from './reply.ts'
import { oneLine } from './text.ts'

/** How a probe is to be answered, beyond its verdict. */
export interface KubeOptions {
  readonly verbose: boolean
  readonly excluded: ReadonlySet<string>
  /** Whether error messages may be seen. */
  readonly details: boolean
}

const NO_REASON = 'reason withheld'

/** All checks of a probe, in the words of the Kubernetes API server; a probe that fails is always verbose. */
export function renderChecks(probe: ProbeName, checks: Checks, { verbose, excluded, details }: KubeOptions): Reply {
  if (checks.passed && !verbose) return createReply(200, TEXT, 'ok')
  const lines: string[] = []
  const unmatched = new Set(excluded)
  let passed = true
  for (const [name, error] of checks.listed()) {
    if (unmatched.delete(name)) {
      lines.push(`[+]${oneLine(name)} excluded: ok`)
    } else if (error === null) {
      lines.push(`[+]${oneLine(name)} ok`)
    } else {
      passed = false
      lines.push(`[-]${oneLine(name)} failed: ${reasonOf(error, details)}`)
    }
  }
  if (unmatched.size > 0) {
    const names = [...unmatched].toSorted().map((name) => JSON.stringify(name))
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names.join(', ')}`)
  }
  if (passed && !verbose) return createReply(200, TEXT, 'ok')
  lines.push(`${probe} check ${passed ? 'passed' : 'failed'}`)
  return createReply(passed ? 200 : 503, TEXT, `${lines.join('\n')}\n`)
}

/** One check by its name. */
export function renderCheck(error: Error | null, details: boolean): Reply {
  if (error === null) return createReply(200, TEXT, 'ok')
  return createReply(503, TEXT, `internal server error: ${reasonOf(error, details)}\n`)
}

function reasonOf(error: Error, details: boolean): string {
  return details ? oneLine(error.message) : NO_REASON
}
