/** Bad input is told before anything has changed: what was wrong, and what would be right. */

export function checkObject(value: unknown, what: string): void {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`Cannot use ${what}: expected an object, got ${show(value)}`)
}

export function checkFunction(value: unknown, what: string): void {
  if (typeof value !== 'function') throw new TypeError(`Cannot use ${what}: expected a function, got ${show(value)}`)
}

/** The same for a function that gives a promise: the error as a rejection, or `undefined` when there is none. */
export function refuseNonFunction(value: unknown, what: string): Promise<never> | undefined {
  return typeof value === 'function'
    ? undefined
    : refused(() => {
        checkFunction(value, what)
      })
}

/** What a check throws, as a rejection. */
export function refused(check: () => void): Promise<never> | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return Promise.reject(error)
  }
}

export function checkOptionalFunction(value: unknown, what: string): void {
  if (value !== undefined) checkFunction(value, what)
}

export function checkName(value: unknown, what: string): void {
  if (typeof value !== 'string' || value === '') {
    throw new TypeError(`Cannot use ${what}: expected a string that is not empty, got ${show(value)}`)
  }
}

export function checkString(value: unknown, what: string): void {
  if (typeof value !== 'string') throw new TypeError(`Cannot use ${what}: expected a string, got ${show(value)}`)
}

/** Whether a value can be used as an `AbortSignal`, of this realm or another. */
export function isSignal(value: unknown): boolean {
  const signal = value as AbortSignal | null
  return (
    typeof signal === 'object' &&
    signal !== null &&
    typeof signal.aborted === 'boolean' &&
    typeof signal.addEventListener === 'function' &&
    typeof signal.removeEventListener === 'function'
  )
}

/** The same as {@link checkRequiredSignal} for one that may be absent. */
export function checkSignal(value: unknown, what = '"signal"'): void {
  if (value !== undefined) checkRequiredSignal(value, what)
}

export function checkRequiredSignal(value: unknown, what: string): void {
  const signal = value as AbortSignal | null
  if (
    typeof signal !== 'object' ||
    signal === null ||
    typeof signal.aborted !== 'boolean' ||
    typeof signal.addEventListener !== 'function' ||
    typeof signal.removeEventListener !== 'function'
  ) {
    throw new TypeError(`Cannot use ${what}: expected an AbortSignal, got ${show(value)}`)
  }
}

export function checkBoolean(value: unknown, what: string): void {
  if (typeof value !== 'boolean') throw new TypeError(`Cannot use ${what}: expected true or false, got ${show(value)}`)
}

export function checkIterable(value: unknown, what: string, expected: string): void {
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) {
    throw new TypeError(`Cannot use ${what}: expected ${expected}, got ${show(value)}`)
  }
}

/** A duration in milliseconds: zero, or positive and finite. */
export function checkDuration(value: unknown, what: string): void {
  checkNumber(value, what)
  if (!((value as number) >= 0 && (value as number) < Infinity)) {
    throw new RangeError(
      `Cannot use ${what}: expected a finite number of milliseconds of 0 or more, got ${show(value)}`,
    )
  }
}

/** A period in milliseconds: positive and finite. */
export function checkPeriod(value: unknown, what: string): void {
  checkNumber(value, what)
  if (!((value as number) > 0 && (value as number) < Infinity)) {
    throw new RangeError(`Cannot use ${what}: expected a finite number of milliseconds above 0, got ${show(value)}`)
  }
}

export function checkCount(value: unknown, what: string, least = 0): void {
  checkNumber(value, what)
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new RangeError(`Cannot use ${what}: expected a whole number of ${least} or more, got ${show(value)}`)
  }
}

export function checkSpanSource(value: { readonly spanOf?: unknown } | undefined, what: string): void {
  if (value === undefined) return
  checkObject(value, what)
  checkFunction(value.spanOf, `the method "spanOf" of ${what}`)
}

export function checkNumber(value: unknown, what: string): void {
  if (typeof value !== 'number') throw new TypeError(`Cannot use ${what}: expected a number, got ${show(value)}`)
}

export function checkOneOf(value: unknown, choices: readonly string[], what: string): void {
  if (!choices.includes(value as string)) {
    throw new TypeError(
      `Cannot use ${what}: expected one of ${choices.map((it) => `"${it}"`).join(', ')}, got ${show(value)}`,
    )
  }
}

/** Names a value in an error message, without ever running code of the value's. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Promise) return 'a promise'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}
