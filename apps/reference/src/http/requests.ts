import type { HonoRequest } from 'hono'
import { z } from 'zod'
import type { DeadLetterPlace } from '../store/deliveries.ts'
import { Problem } from './problem.ts'

/** Wishes for a subscription. */
export interface NewSubscription {
  readonly url: string
  readonly types: readonly string[]
  readonly secret?: string | undefined
}

/** An event as it is posted. */
export interface PostedEvent {
  readonly type: string
  readonly data: unknown
}

const name = z.string().min(1, 'Expected a name').max(200, 'Expected at most 200 characters')

const newSubscription: z.ZodType<NewSubscription> = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'Expected a URL that begins with http:// or https://' })
    .max(2_048, 'Expected at most 2048 characters')
    .refine((url) => !hasCredentials(url), 'Expected a URL without a user name and a password'),
  types: z.array(name).min(1, 'Expected at least one type, or "*"').max(1_000, 'Expected at most 1000 types'),
  secret: z.string().refine(isSecret, 'Expected "whsec_" and 24 to 64 bytes in base64').optional(),
})

const newEvent: z.ZodType<PostedEvent> = z.strictObject({
  type: name,
  data: z.unknown().refine((data) => data !== undefined, 'Expected any JSON value'),
})

const page = z.object({
  after: z
    .string()
    .regex(/^\d{1,15}-\d{1,15}$/, 'Expected the "next" of an earlier answer')
    .optional(),
  limit: z
    .string()
    .default('100')
    .refine((limit) => /^\d{1,4}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= 1_000, 'Expected 1 to 1000')
    .transform(Number),
})

/** @throws Problem 415, 400, 422 */
export function readSubscription(request: HonoRequest<string>): Promise<NewSubscription> {
  return readBody(request, newSubscription)
}

/** @throws Problem 415, 400, 422 */
export function readEvent(request: HonoRequest<string>): Promise<PostedEvent> {
  return readBody(request, newEvent)
}

async function readBody<T>(request: HonoRequest<string>, schema: z.ZodType<T>): Promise<T> {
  const type = request.header('content-type')
  if (!/^application\/(?:[^;]+\+)?json\s*(?:;|$)/i.test(type ?? '')) {
    const got = type === undefined ? 'no content type' : JSON.stringify(type)
    throw new Problem(415, `Expected a body of application/json, got ${got}`)
  }
  return check(parseJson(await request.text()), schema)
}

/** Reads which part of a list is asked for. @throws Problem 422 */
export function readPage(request: HonoRequest<string>): {
  readonly after: DeadLetterPlace | undefined
  readonly limit: number
} {
  const { after, limit } = check(request.query(), page)
  if (after === undefined) return { after: undefined, limit }
  const [diedAt, id] = after.split('-').map(Number)
  return { after: { diedAt: diedAt ?? 0, id: id ?? 0 }, limit }
}

/** The value of `Idempotency-Key`. @throws Problem 400 */
export function readIdempotencyKey(request: HonoRequest<string>): string | undefined {
  const key = request.header('idempotency-key')
  if (key === undefined || (key !== '' && key.length <= 255)) return key
  throw new Problem(400, `Expected an Idempotency-Key of 1 to 255 characters, got ${key.length}`)
}

function check<T>(value: unknown, schema: z.ZodType<T>): T {
  const { success, data, error } = schema.safeParse(value)
  if (success) return data
  const errors = error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: z.core.toDotPath([...issue.path, key]), message: 'Expected no such field' }))
      : [{ path: z.core.toDotPath(issue.path), message: issue.message }],
  )
  throw new Problem(422, 'The request has not the right shape', { errors })
}

/** Parses without loss: a number that JavaScript would round is kept as it was written. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => {
      const source = context?.source
      return typeof value === 'number' && source !== undefined && String(value) !== source ? rawJson(source) : value
    })
  } catch (error) {
    throw new Problem(400, `Expected a body that is JSON: ${(error as Error).message}`)
  }
}

/** TypeScript does not know it yet. */
function rawJson(source: string): unknown {
  return (JSON as unknown as { rawJSON(source: string): unknown }).rawJSON(source)
}

function hasCredentials(url: string): boolean {
  const { username, password } = new URL(url)
  return username !== '' || password !== ''
}

function isSecret(secret: string): boolean {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? []
  const { length } = Buffer.from(base64, 'base64')
  return length >= 24 && length <= 64
}
