import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runConformance } from './run-conformance.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url))

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function run(
  ...args: readonly string[]
): Promise<{ code: number; printed: readonly string[]; complaints: readonly string[] }> {
  const printed: string[] = []
  const complaints: string[] = []
  const code = await runConformance(args, {
    cwd: dirname(folder),
    print: (line) => printed.push(line),
    complain: (line) => complaints.push(line),
  })
  return { code, printed, complaints }
}

async function write(name: string, ...lines: readonly unknown[]): Promise<void> {
  await writeFile(
    join(folder, name),
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  )
}

/** A pair of files that agree, for a test to spoil. */
async function writePair(
  steps: unknown = [['append', 'e'], ['flush']],
  rest: object = { kind: 'errorbuffer' },
): Promise<void> {
  await write('scenarios.jsonl', { id: 's-1', steps, ...rest })
  await write('transcripts.jsonl', { id: 's-1', lines: ['flush error e'] })
}

describe('runConformance()', () => {
  it('replays the 300 scenarios with no difference', async () => {
    expect(await run(FIXTURES)).toEqual({ code: 0, printed: ['300 same, 0 different'], complaints: [] })
  })

  it('takes a folder relative to where it was called', async () => {
    await writePair()
    expect(await run(basename(folder))).toEqual({ code: 0, printed: ['1 same, 0 different'], complaints: [] })
  })

  it('finds a planted difference, whichever line of whichever kind it is in', async () => {
    await cp(FIXTURES, folder, { recursive: true })
    const transcripts = (await readFile(join(folder, 'transcripts.jsonl'), 'utf8')).trim().split('\n')
    const kinds = new Set<string>()
    const planted = transcripts.map((line) => {
      const { id, lines } = JSON.parse(line) as { id: string; lines: string[] }
      const kind = id.split('-')[1] ?? ''
      if (kinds.has(kind)) return line
      kinds.add(kind)
      return JSON.stringify({ id, lines: lines.with(lines.length - 1, `planted in ${kind}`) })
    })
    await writeFile(join(folder, 'transcripts.jsonl'), planted.join('\n'))
    const { code, printed } = await run(folder)
    expect(code).toBe(1)
    expect(printed.at(-1)).toBe('293 same, 7 different')
    expect(printed.filter((line) => line.startsWith('  - '))).toEqual(
      [...kinds].map((kind) => `  - planted in ${kind}`),
    )
  })

  it('prints a difference with all its lines', async () => {
    await write('scenarios.jsonl', { id: 's-1', kind: 'errorbuffer', steps: [['flush'], ['append', 'e'], ['flush']] })
    await write('transcripts.jsonl', { id: 's-1', lines: ['flush ok', 'flush error other'] })
    expect(await run(folder)).toEqual({
      code: 1,
      printed: [
        's-1 (- expected, + got)',
        '    flush ok',
        '  - flush error other',
        '  + flush error e',
        '',
        '0 same, 1 different',
      ],
      complaints: [],
    })
  })

  it('shows packages that throw where the original did not', async () => {
    const twin = { name: 'Twin', start: 'ok', close: 'ok', subs: [] }
    await writePair([['start']], {
      kind: 'service',
      tree: { name: 'App', start: 'ok', close: 'ok', subs: [twin, twin] },
    })
    const { code, printed } = await run(folder)
    expect(code).toBe(1)
    expect(printed).toContainEqual(expect.stringMatching(/^ {2}\+ threw TypeError: .*App\.Twin/))
  })

  it('leaves transcripts without a scenario alone', async () => {
    await writePair()
    await write('transcripts.jsonl', { id: 's-0', lines: [] }, { id: 's-1', lines: ['flush error e'] })
    expect(await run(folder)).toMatchObject({ code: 0, printed: ['1 same, 0 different'] })
  })

  it('refuses anything but one folder', async () => {
    expect(await run()).toMatchObject({ code: 2, complaints: [expect.stringContaining('expected one folder')] })
    expect(await run(folder, folder)).toMatchObject({
      code: 2,
      complaints: [expect.stringContaining('got 2 arguments')],
    })
    expect(await run('nowhere-at-all')).toMatchObject({
      code: 2,
      complaints: [expect.stringContaining('it is not a folder')],
    })
  })

  it('refuses a missing file', async () => {
    await writePair()
    await rm(join(folder, 'transcripts.jsonl'))
    expect(await run(folder)).toMatchObject({
      code: 2,
      printed: [],
      complaints: [expect.stringMatching(/transcripts\.jsonl.*ENOENT/)],
    })
    await rm(join(folder, 'scenarios.jsonl'))
    expect(await run(folder)).toMatchObject({
      code: 2,
      printed: [],
      complaints: [expect.stringMatching(/scenarios\.jsonl.*ENOENT/)],
    })
  })

  it('refuses a line that is not JSON, and says which', async () => {
    await writePair()
    await write('transcripts.jsonl', { id: 's-1', lines: [] }, '', '{ broken')
    expect(await run(folder)).toMatchObject({
      code: 2,
      printed: [],
      complaints: [expect.stringMatching(/^Cannot read line 3 of ".*transcripts\.jsonl"/)],
    })
  })

  it.each([
    ['an unknown kind', [], { kind: 'toString' }, 'kind "toString" is none of errorbuffer,'],
    ['an unknown verb', [['flush'], ['drop']], { kind: 'errorbuffer' }, 'kind "errorbuffer" has no verb "drop"'],
    [
      'a step that is no array',
      ['flush'],
      { kind: 'errorbuffer' },
      'step 1 of "s-1": expected an array that begins with a verb',
    ],
    ['steps that are none', 'flush', { kind: 'errorbuffer' }, 'expected a scenario, { id, kind, steps }'],
    ['a missing word', [['append']], { kind: 'errorbuffer' }, 'expected a string as word 1 of "append", got undefined'],
    [
      'a word of another sort',
      [['cap', '2']],
      { kind: 'errorbuffer' },
      'expected a number as word 1 of "cap", got "2"',
    ],
    [
      'a map of another sort',
      [['merge', { x: 1 }]],
      { kind: 'copyhealth' },
      'values are strings or null as word 1 of "merge"',
    ],
    ['an unknown hook', [['start', 'op', 'maybe']], { kind: 'statemachine' }, 'Cannot read the hook "maybe"'],
    ['a missing field', [], { kind: 'service' }, 'kind "service" needs a field "tree"'],
    [
      'a tree of another shape',
      [],
      { kind: 'service', tree: { name: 'App' } },
      'expected { name, start, close, subs } in "tree"',
    ],
    [
      'a fault that is none',
      [],
      { kind: 'service', tree: { name: 'App', start: 'no', close: 'ok', subs: [] } },
      'in "tree"',
    ],
    [
      'a name that is not in the tree',
      [['emit', 'X', 'm']],
      { kind: 'service', tree: { name: 'App', start: 'ok', close: 'ok', subs: [] } },
      '"tree" has no "X"',
    ],
    ['a service of another shape', [], { kind: 'multistart', services: { a: 'ok' } }, 'expected "ok" or "fail"'],
    ['an unknown service', [['start', 'b']], { kind: 'multistart', services: {} }, '"services" has no "b"'],
    [
      'a reporter of another shape',
      [],
      { kind: 'health', reporters: { r: { ready: null } } },
      'expected { ready, report } as reporter "r"',
    ],
    ['a parent that was not made', [['ctx', 'c', 'p']], { kind: 'stopchan' }, 'nothing named "p" has been made'],
  ])('refuses %s', async (_, steps, rest, complaint) => {
    await writePair(steps, rest)
    expect(await run(folder)).toMatchObject({ code: 2, printed: [], complaints: [expect.stringContaining(complaint)] })
  })

  it('refuses a scenario without a transcript, an id that comes twice, and a file without scenarios', async () => {
    await writePair()
    await write('transcripts.jsonl', { id: 's-2', lines: [] })
    expect(await run(folder)).toMatchObject({
      code: 2,
      complaints: [expect.stringContaining('Cannot replay "s-1": it has no transcript')],
    })
    await write('transcripts.jsonl', { id: 's-1', lines: [] }, { id: 's-1', lines: [] })
    expect(await run(folder)).toMatchObject({ code: 2, complaints: [expect.stringContaining('"s-1" comes twice')] })
    await write('transcripts.jsonl', { id: 's-1', lines: 'flush ok' })
    expect(await run(folder)).toMatchObject({
      code: 2,
      complaints: [expect.stringContaining('expected a transcript, { id, lines }')],
    })
    await write('scenarios.jsonl', ...Array.from({ length: 2 }, () => ({ id: 's-1', kind: 'errorbuffer', steps: [] })))
    expect(await run(folder)).toMatchObject({ code: 2, complaints: [expect.stringContaining('"s-1" comes twice')] })
    await write('scenarios.jsonl', '')
    expect(await run(folder)).toMatchObject({ code: 2, complaints: [expect.stringContaining('it holds no scenario')] })
  })
})
