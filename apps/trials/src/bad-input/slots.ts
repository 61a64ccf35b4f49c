const fn = (): void => {}

/** What an argument should be. */
export type Kind =
  | 'object'
  | 'options'
  | 'function'
  | 'optional function'
  | 'name'
  | 'optional name'
  | 'string'
  | 'optional string'
  | 'signal'
  | 'optional signal'
  | 'duration'
  | 'optional duration'
  | 'period'
  | 'optional period'
  | 'count'
  | 'optional count'
  | 'optional positive count'
  | 'fraction'
  | 'optional fraction'
  | 'optional boolean'
  | 'optional choice'
  | 'choice'
  | 'scope'
  | 'optional scope'
  | 'list'
  | 'array'
  | 'optional array'
  | 'startable'
  | 'closable'
  | 'service'
  | 'reporter'
  | 'error or any value'
  | 'error'
  | 'port'
  | 'status'
  | 'list, null or undefined'
  | 'target'

/** What is wrong for each kind of argument, `undefined` only where one is due. */
export const WRONG: Readonly<Record<Kind, readonly unknown[]>> = {
  object: [undefined, null, 0, 'x', true, Symbol('s'), fn],
  options: [null, 0, 'x', true, Symbol('s'), fn],
  function: [undefined, null, 0, 'x', true, {}, []],
  'optional function': [null, 0, 'x', true, {}, []],
  name: [undefined, null, '', 0, Number.NaN, true, {}, [], ['x'], Symbol('s'), fn],
  'optional name': [null, '', 0, Number.NaN, true, {}, [], Symbol('s'), fn],
  string: [undefined, null, 0, true, {}, [], Symbol('s'), fn],
  'optional string': [null, 0, true, {}, [], Symbol('s'), fn],
  signal: [undefined, null, 0, 'x', {}, [], { aborted: false }, new AbortController(), fn],
  'optional signal': [null, 0, 'x', {}, [], { aborted: false }, new AbortController(), fn],
  duration: [undefined, null, '1', {}, true, 1n, Number.NaN, -1, -0.5, Infinity, -Infinity],
  'optional duration': [null, '1', {}, true, 1n, Number.NaN, -1, -0.5, Infinity, -Infinity],
  period: [undefined, null, '1', {}, true, 1n, Number.NaN, 0, -1, Infinity, -Infinity],
  'optional period': [null, '1', {}, true, 1n, Number.NaN, 0, -1, Infinity, -Infinity],
  count: [undefined, null, '1', {}, true, 1n, Number.NaN, -1, 0.5, Infinity, -Infinity],
  'optional count': [null, '1', {}, true, 1n, Number.NaN, -1, 0.5, Infinity, -Infinity],
  'optional positive count': [null, '1', {}, true, 1n, Number.NaN, 0, -1, 0.5, Infinity, -Infinity],
  fraction: [undefined, null, '1', {}, true, 1n, Number.NaN, -0.1, 1.1, Infinity],
  'optional fraction': [null, '1', {}, true, 1n, Number.NaN, -0.1, 1.1, Infinity],
  'optional boolean': [null, 0, 1, 'true', {}, fn],
  'optional choice': [null, 0, '', 'no such choice', true, {}, fn],
  choice: [undefined, null, 0, '', 'no such choice', true, {}, fn],
  scope: [undefined, null, 0, 'x', {}, [], { id: 'x' }, fn],
  'optional scope': [null, 0, 'x', {}, [], { id: 'x' }, fn],
  list: [undefined, null, 0, 'x', true, {}, fn],
  'list, null or undefined': [0, 'x', true, {}, fn],
  target: [undefined, null, 0, 'x', true],
  array: [undefined, null, 0, 'x', true, {}, new Set(), fn],
  'optional array': [null, 0, 'x', true, {}, new Set(), fn],
  /** Something to start or close, in whatever that is in. */
  startable: [undefined, null, 0, 'x', fn, {}, { start: fn }, { close: fn }, { start: 1, close: fn }],
  closable: [undefined, null, 0, 'x', fn, {}, { start: fn }, { close: 1 }],
  service: [undefined, null, 0, 'x', fn, {}, { start: fn, close: fn }, { name: fn }],
  reporter: [undefined, null, 0, 'x', fn, {}, { name: fn }, { name: () => 'x', readiness: fn }],
  'error or any value': [undefined, null],
  error: [undefined, null, 0, 'x', {}, [], fn],
  port: [null, '80', {}, true, 1n, Number.NaN, -1, 0.5, 65_536, Infinity],
  status: [null, '200', {}, true, 1n, Number.NaN, 0, 99, 200.5, 204, 304, 600, Infinity],
}

/** One argument, or one property of one: what it is called in messages, what it should be, and a call with it. */
export type Slot = readonly [what: string, kind: Kind, call: (argument: never) => unknown]

/** Every exported function and class of a module has a row; one without arguments has an empty one. */
export type Rows<Module> = Readonly<Record<FunctionsOf<Module>, readonly Slot[]>>

/** Every method of an interface has a row. */
export type Methods<Interface> = Readonly<Record<FunctionsOf<Interface>, readonly Slot[]>>

type FunctionsOf<T> = {
  [Key in keyof T & string]: NonNullable<T[Key]> extends
    | ((...args: never[]) => unknown)
    | (abstract new (...args: never[]) => unknown)
    ? Key
    : never
}[keyof T & string]
