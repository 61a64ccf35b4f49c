import { createHash } from 'node:crypto'
import type { Html } from './html.ts'

/** Nothing but our own files, nothing inline, and no frame around it: what is shown may come from anybody. */
const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/** On every answer. */
export const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
}

const encoder = new TextEncoder()

/** A body with the headers that all answers have; a HEAD has the headers of its GET, and no body. */
export function respond(
  request: Request,
  status: number,
  type: string,
  text: string,
  more: Readonly<Record<string, string>> = {},
): Response {
  const bytes = encoder.encode(text)
  const headers = { ...HEADERS, 'Content-Type': type, 'Content-Length': String(bytes.length), ...more }
  return new Response(request.method === 'HEAD' ? null : bytes, { status, headers })
}

export function respondHtml(request: Request, page: Html, status = 200): Response {
  return respond(request, status, 'text/html; charset=utf-8', page.text)
}

export function respondText(
  request: Request,
  status: number,
  text: string,
  more?: Readonly<Record<string, string>>,
): Response {
  return respond(request, status, 'text/plain; charset=utf-8', text, more)
}

/** A file that stays the same for the life of the program: a browser asks whether it still has the right one. */
export function respondAsset(request: Request, type: string, text: string): Response {
  const etag = tagOf(text)
  const more = { ETag: etag, 'Cache-Control': 'no-cache' }
  const known = request.headers.get('if-none-match')?.split(',') ?? []
  if (known.some((tag) => tag.trim().replace(/^W\//, '') === etag)) {
    return new Response(null, { status: 304, headers: { ...HEADERS, ...more } })
  }
  return respond(request, 200, type, text, more)
}

function tagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 16)}"`
}
