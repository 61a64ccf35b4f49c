import { readFileSync } from 'node:fs'
import { inRepository } from './programs.ts'

/** A row of a table, by the names of its columns; of code only what is between the backticks. */
export type Row = Readonly<Record<string, string>>

/** The text of docs/observability.md. */
export function readDocument(): string {
  return readFileSync(inRepository('docs/observability.md'), 'utf8')
}

/** The table that stands between the comments of a name. */
export function readTable(name: string): readonly Row[] {
  const [, text] = new RegExp(`^<!-- ${name} -->\n(.*?)^<!-- /${name} -->$`, 'ms').exec(readDocument()) ?? []
  if (text === undefined) throw new Error(`Cannot find the table ${JSON.stringify(name)} in docs/observability.md`)
  const [columns = [], , ...rows] = text.trim().split('\n').map(cellsOf)
  return rows.map((cells) => {
    if (cells.length !== columns.length) throw new Error(`Expected ${columns.length} cells in ${cells.join(' | ')}`)
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']))
  })
}

/** All code in a cell, as in "`a`, `b`". */
export function codeIn(cell = ''): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

/** The one piece of code in a cell. */
export function theCodeIn(cell = ''): string {
  const [code = '', ...more] = codeIn(cell)
  if (more.length > 0) throw new Error(`Expected one piece of code in ${cell}`)
  return code
}

function cellsOf(line: string): readonly string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim())
}
