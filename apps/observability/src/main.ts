import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { RuleOptions } from './alerts/options.ts'
import { ruleFiles } from './alerts/rule-files.ts'
import { dashboardFiles } from './grafana/dashboard-files.ts'

const USAGE = `Usage: npm run observability -- [options]

Without options: writes the files in observability/ anew. With options, into a folder of yours:

  --out FOLDER         where to; needed with any other option
  --job NAME           a job of Prometheus whose targets are ours from the beginning, may be given again; svc
  --runbook URL        where docs/runbook.md is to be read; docs/runbook.md
  --prefix PREFIX      what prometheus() was given as its prefix; svc_
  --time-factor N      what all times are multiplied with; 1`

const COMMITTED = fileURLToPath(new URL('../../../observability', import.meta.url))

process.exitCode = main(process.argv.slice(2))

function main(args: readonly string[]): number {
  try {
    const { folder, options } = readArguments(args)
    for (const [name, text] of Object.entries({ ...ruleFiles(options), ...dashboardFiles(options) })) {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
      console.log(path)
    }
    return 0
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    return 2
  }
}

function readArguments(args: readonly string[]): { readonly folder: string; readonly options: RuleOptions } {
  const { out, job, runbook, prefix, 'time-factor': factor } = parse(args)
  const options = { jobs: job, runbook, prefix, timeFactor: factor === undefined ? undefined : Number(factor) }
  if (out === undefined && Object.values(options).some((value) => value !== undefined)) {
    throw new RangeError('Cannot change the files that are committed: they have no options. Expected --out FOLDER')
  }
  // npm runs this in the root, and says where it was called
  return { folder: out === undefined ? COMMITTED : resolve(process.env['INIT_CWD'] ?? '', out), options }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  return parseArgs({
    args: [...args],
    options: { out: text, runbook: text, prefix: text, 'time-factor': text, job: { type: 'string', multiple: true } },
  }).values
}
