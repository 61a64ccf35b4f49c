import { z } from 'zod'

// What several settings are made of. All come as text, and a wrong one is told what would be right.

/** A whole number; with a fallback of `undefined` it may be left out. */
export function whole<F extends number | undefined>(fallback: F, from: number, to: number): z.ZodType<number | F> {
  return number(fallback, /^\d+$/, `expected a whole number from ${from} to ${to}`, (it) => it >= from && it <= to)
}

/** A number above 0. */
export function positive(fallback: number, to: number): z.ZodType<number> {
  return number(fallback, /^\d+(?:\.\d+)?$/, `expected a number above 0, up to ${to}`, (it) => it > 0 && it <= to)
}

/** A number of a form of its own. */
export function number<F extends number | undefined>(
  fallback: F,
  form: RegExp,
  message: string,
  accepts: (value: number) => boolean,
): z.ZodType<number | F> {
  return z
    .string()
    .optional()
    .refine((value) => value === undefined || (form.test(value) && accepts(Number(value))), message)
    .transform((value): number | F => (value === undefined ? fallback : Number(value)))
}

/** Text that is not empty. */
export function text(fallback: string, what: string): z.ZodType<string> {
  return z.string().trim().min(1, `expected ${what}`).default(fallback)
}

/** One word of several, in capitals or not. */
export function word<const T extends string>(
  words: readonly T[],
  fallback: NoInfer<T>,
  message: string = `expected ${words.join(', ')}`,
): z.ZodType<T> {
  const find = (value: string): T | undefined => words.find((it) => it === value.trim().toLowerCase())
  return z
    .string()
    .default(fallback)
    .refine((value) => find(value) !== undefined, message)
    .transform((value) => find(value) ?? fallback)
}
