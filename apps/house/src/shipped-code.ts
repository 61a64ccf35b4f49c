import { isIdentifier, isMember, isNode, type Module, type Node, parseModule, walk } from './syntax.ts'
import { isPackage, isShipped } from './arrows.ts'
import type { Member, Workspace } from './workspace.ts'

/** Past this a second responsibility has moved in. */
const MOST_LINES = 250

/** The one package that may touch the process. */
const OWNER_OF_PROCESS = '@svc/process'

/** What shipped code must not contain, by the node's type: what it is if the node is such a thing. */
const FORBIDDEN: Readonly<Record<string, (node: Node) => string | undefined>> = {
  TSEnumDeclaration: () => 'an enum',
  TSModuleDeclaration: () => 'a namespace',
  TSExportAssignment: () => 'an export assignment',
  ExportDefaultDeclaration: () => 'a default export',
  Decorator: () => 'a decorator',
  VariableDeclaration: ({ kind }) =>
    kind === 'using' || kind === 'await using' ? '`using`, which Node.js 22 cannot parse' : undefined,
  MemberExpression: (node) => {
    for (const name of ['any', 'timeout']) {
      if (isMember(node, name) && isIdentifier(node.object, 'AbortSignal')) {
        return `AbortSignal.${name}, which leaks on a signal that lives long`
      }
    }
    return undefined
  },
  CallExpression: (node) => {
    const [, , options] = node['arguments'] as readonly unknown[]
    if (!isMember(node['callee'], 'addEventListener') || !isNode(options)) return undefined
    const properties = (options['properties'] ?? []) as readonly Node[]
    const hasSignal = properties.some(({ key }) => isIdentifier(key, 'signal'))
    return hasSignal ? 'addEventListener with a signal, which leaks on one that lives long' : undefined
  },
}

/** Every breach of the rules on shipped code, one line each. */
export function checkShippedCode(workspace: Workspace): readonly string[] {
  return workspace.members.filter(isPackage).flatMap((member) =>
    [...member.sources]
      .filter(([path]) => isShipped(member, path))
      .flatMap(([path, text]) => {
        const module = parseModule(path, text)
        return [...breaches(member, module)].map((problem) => `${member.folder}/${path}${problem}`)
      }),
  )
}

function* breaches(member: Member, module: Module): Generator<string> {
  if (module.lines > MOST_LINES) yield `: has ${module.lines} lines, more than ${MOST_LINES}`
  if (module.path === 'src/index.ts') {
    for (const node of module.body) {
      const isReExport = node.type === 'ExportNamedDeclaration' && isNode(node['source'])
      if (!isReExport) yield `:${module.lineOf(node)}: has more than named re-exports`
    }
  }
  for (const node of walk(module.body)) {
    const what =
      FORBIDDEN[node.type]?.(node) ?? (member.manifest.name === OWNER_OF_PROCESS ? undefined : usesProcess(node))
    if (what !== undefined) yield `:${module.lineOf(node)}: has ${what}`
  }
}

function usesProcess(node: Node): string | undefined {
  const isGlobal = isMember(node, 'process') && isIdentifier(node.object, 'globalThis')
  const isUsed = node.type === 'MemberExpression' && isIdentifier(node['object'], 'process')
  const isImported =
    node.type === 'ImportDeclaration' && isNode(node['source']) && node['source']['value'] === 'node:process'
  return isGlobal || isUsed || isImported ? `\`process\`, which is for ${OWNER_OF_PROCESS} and the apps` : undefined
}
