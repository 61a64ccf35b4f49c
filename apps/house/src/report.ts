import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Reporter, SerializedError, TestModule, Vitest } from 'vitest/node'

/** What one package's tests came to. Vitest's own JSON report leaves out why a test was skipped. */
export interface TestReport {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly { readonly test: string; readonly reason: string | null }[]
}

export const REPORT_FILE = '.turbo/test-report.json'

/** Writes a `TestReport` where turbo caches it, so that a run served from the cache has its figures too. */
export function createReporter(): Reporter {
  let root = process.cwd()
  return {
    onInit(vitest: Vitest) {
      root = vitest.config.root
    },
    onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]) {
      const file = join(root, REPORT_FILE)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, `${JSON.stringify(summarise(modules, unhandled), null, 2)}\n`)
    },
  }
}

function summarise(modules: readonly TestModule[], unhandled: readonly SerializedError[]): TestReport {
  let passed = 0
  // An error outside of any test (a file that does not load, a rejection nobody handled) counts as a failed test
  let failed = unhandled.length
  const skipped: { test: string; reason: string | null }[] = []
  for (const module of modules) {
    failed += module.errors().length
    for (const suite of module.children.allSuites()) failed += suite.errors().length
    for (const test of module.children.allTests()) {
      const result = test.result()
      if (result.state === 'passed') passed += 1
      else if (result.state === 'skipped') {
        const reason = result.note ?? null
        skipped.push({ test: `${module.relativeModuleId} > ${test.fullName}`, reason })
      } else failed += 1
    }
  }
  return { passed, failed, skipped }
}
