import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, describe, it, onTestFinished } from 'vitest'
import { anchorsIn, documentsIn, lostLinks } from './links.ts'
import { inRepository } from './programs.ts'

describe('the documents', () => {
  it('point at files and headings that are there', () => {
    const root = inRepository('.')
    const documents = documentsIn(root)
    const names = documents.map(({ file }) => file.slice(root.length).replace(/^\//, ''))
    expect(names).toEqual(
      expect.arrayContaining(['README.md', 'docs/observability.md', 'docs/runbook.md', 'examples/README.md']),
    )
    expect(names.filter((name) => name.includes('node_modules'))).toEqual([])
    expect(documents.flatMap(({ links }) => links).length).toBeGreaterThan(50)
    expect(documents.flatMap((document) => lostLinks(document, root))).toEqual([])
  })
})

describe('lostLinks()', () => {
  it('finds what is not there', () => {
    const root = mkdtempSync(join(tmpdir(), 'links-test-'))
    onTestFinished(() => {
      rmSync(root, { recursive: true, force: true })
    })
    mkdirSync(join(root, 'docs'))
    mkdirSync(join(root, 'node_modules'))
    writeFileSync(join(root, 'node_modules/other.md'), '[lost](lost.md)')
    writeFileSync(join(root, 'docs/a b.md'), '# A `b`, c_d!\n## A `b`, c_d!\n```sh\n# comment\n```\n')
    writeFileSync(
      join(root, 'README.md'),
      [
        '[file](docs/a%20b.md) [folder](docs) [first](docs/a%20b.md#a-b-c_d) [second](docs/a%20b.md#a-b-c_d-1)',
        '[outside](https://example.com/#lost) `[code](lost.md)`',
        '[gone](gone.md) [heading](docs/a%20b.md#comment) [own](#nowhere) [above](../above.md) [folder](docs#x)',
        '',
        '[apart]: apart.md',
      ].join('\n'),
    )
    expect(documentsIn(root).flatMap((document) => lostLinks(document, root))).toEqual([
      'README.md: no file gone.md',
      'README.md: no heading docs/a%20b.md#comment',
      'README.md: no heading #nowhere',
      'README.md: no file ../above.md',
      'README.md: no heading docs#x',
      'README.md: no file apart.md',
    ])
  })
})

describe('anchorsIn()', () => {
  it('gives what GitHub gives', () => {
    expect([...anchorsIn('# What differs from Go\n### `@svc/otel`: 1.0 [x](y)\n#no\n')]).toEqual([
      'what-differs-from-go',
      'svcotel-10-x',
    ])
  })
})
