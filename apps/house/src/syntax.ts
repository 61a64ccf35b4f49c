import { parseSync } from 'oxc-parser'

/** A node of the syntax tree, as far as the rules look into it. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly [key: string]: unknown
}

export interface Module {
  /** The path from its package's folder, as in `src/index.ts`. */
  readonly path: string
  readonly body: readonly Node[]
  /** The number of lines. */
  readonly lines: number
  lineOf(node: Node): number
}

/** Where a module gets something from; `specifier` is undefined where it is computed. */
export interface Import {
  readonly specifier: string | undefined
  readonly node: Node
}

export function parseModule(path: string, text: string): Module {
  const { program, errors } = parseSync(path, text)
  const [error] = errors
  if (error !== undefined) throw new SyntaxError(`Cannot parse ${path}: ${error.message}`)
  return {
    path,
    body: program.body as unknown as readonly Node[],
    lines: text.trimEnd().split('\n').length,
    lineOf: (node) => text.slice(0, node.start).split('\n').length,
  }
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}

/** Every node of the module, parents first. */
export function* walk(value: unknown): Generator<Node> {
  if (Array.isArray(value)) {
    for (const item of value) yield* walk(item)
  } else if (isNode(value)) {
    yield value
    for (const child of Object.values(value)) if (typeof child === 'object') yield* walk(child)
  }
}

const WITH_SOURCE = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
])

/** All imports: static, dynamic, types, re-exports, `import x = require()`, `require()`, `import.meta.resolve()`. */
export function* importsOf(module: Module): Generator<Import> {
  for (const node of walk(module.body)) {
    if (WITH_SOURCE.has(node.type)) {
      if (isNode(node['source'])) yield { specifier: literal(node['source']), node }
    } else if (node.type === 'TSExternalModuleReference') {
      yield { specifier: literal(node['expression']), node }
    } else if (node.type === 'CallExpression' && isResolver(node['callee'])) {
      yield { specifier: literal((node['arguments'] as readonly unknown[])[0]), node }
    }
  }
}

function isResolver(callee: unknown): boolean {
  if (isIdentifier(callee, 'require')) return true
  if (!isMember(callee, 'resolve')) return false
  const { object } = callee
  return isIdentifier(object, 'require') || (isNode(object) && object.type === 'MetaProperty')
}

export function isIdentifier(value: unknown, name: string): boolean {
  return isNode(value) && value.type === 'Identifier' && value['name'] === name
}

/** `….name` or `…['name']`. */
export function isMember(value: unknown, name: string): value is Node & { readonly object: unknown } {
  if (!isNode(value) || value.type !== 'MemberExpression') return false
  return value['computed'] === true ? literal(value['property']) === name : isIdentifier(value['property'], name)
}

export function literal(value: unknown): string | undefined {
  if (!isNode(value)) return undefined
  if (value.type === 'Literal' && typeof value['value'] === 'string') return value['value']
  if (value.type !== 'TemplateLiteral') return undefined
  const quasis = value['quasis'] as readonly { readonly value: { readonly cooked: string } }[]
  return quasis.length === 1 ? quasis[0]?.value.cooked : undefined
}
