import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/** One document, and where it points to. */
export interface DocumentLinks {
  readonly file: string
  /** As written, but for those that lead out of the project. */
  readonly links: readonly string[]
}

/** Every Markdown file below a folder, but for what is installed or built. */
export function documentsIn(root: string): readonly DocumentLinks[] {
  const exclude = (path: string): boolean => /(?:^|\/)(?:node_modules|dist|\.\w+)$/.test(path)
  const files = [...globSync('**/*.md', { cwd: root, exclude }), ...globSync('.changeset/*.md', { cwd: root })]
  return files
    .toSorted()
    .map((file) => ({ file: join(root, file), links: linksIn(readFileSync(join(root, file), 'utf8')) }))
}

/** What is wrong with the links of a document: a file that is not there, or a heading. */
export function lostLinks({ file, links }: DocumentLinks, root: string): readonly string[] {
  return links.flatMap((link) => {
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? file : resolve(dirname(file), decodeURI(path))
    const from = relative(root, file)
    if (relative(root, target).startsWith('..') || !existsSync(target)) return [`${from}: no file ${link}`]
    if (anchor === undefined) return []
    const isThere = statSync(target).isFile() && anchorsIn(readFileSync(target, 'utf8')).has(anchor)
    return isThere ? [] : [`${from}: no heading ${link}`]
  })
}

/** Links and pictures in either form, outside of code. */
function linksIn(text: string): readonly string[] {
  const prose = withoutBlocks(text).replaceAll(/`[^`\n]*`/g, '')
  const targets = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)|^\[[^\]]+\]:\s+(\S+)/gm)].map(
    ([, inline, apart]) => inline ?? apart ?? '',
  )
  return targets.filter((target) => !/^[a-z]+:/i.test(target))
}

/** The anchors that GitHub gives headings; of two alike the second has a number. */
export function anchorsIn(text: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutBlocks(text).matchAll(/^#{1,6} +(.*?) *#*$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    const anchor = plain
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
    let unique = anchor
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`
    anchors.add(unique)
  }
  return anchors
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^( *)(```+|~~~+)[\s\S]*?^\1\2/gm, '')
}
