import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const PROGRAM = fileURLToPath(new URL('fixtures/collect.ts', import.meta.url))

/** The Node.js of this test, and those that are installed beside it. */
const BINARIES: Readonly<Record<string, string>> = {
  [process.versions.node.split('.')[0] as string]: process.execPath,
  22: beside('node-22'),
  26: beside('node-26'),
}

function beside(name: string): string {
  return fileURLToPath(new URL(`../../../apps/house/node_modules/${name}/bin/node`, import.meta.url))
}

interface Collected {
  /** Bytes a child, by how it was made and ended. */
  readonly retained: Readonly<Record<string, number>>
  readonly listeners: readonly number[]
  /** How many aborts nobody heard. */
  readonly lost: number
}

async function collect(binary: string): Promise<{ collected: Collected; warnings: string }> {
  const flags = ['--expose-gc', '--conditions=@svc/source', '--disable-warning=ExperimentalWarning']
  const { stdout, stderr } = await promisify(execFile)(binary, [...flags, PROGRAM], { timeout: 100_000 })
  return { collected: JSON.parse(stdout) as Collected, warnings: stderr }
}

describe.each(Object.entries(BINARIES))('under Node.js %s', (_, binary) => {
  it.skipIf(!existsSync(binary))(
    'children that have ended retain nothing, and no abort is lost to the garbage collector',
    { timeout: 120_000 },
    async () => {
      const { collected, warnings } = await collect(binary)
      const leaks = Object.entries(collected.retained).filter(([, bytes]) => bytes > 1)
      expect([leaks, collected.listeners, collected.lost, warnings]).toEqual([[], [0, 0], 0, ''])
      expect(Object.keys(collected.retained)).toHaveLength(20)
    },
  )
})
