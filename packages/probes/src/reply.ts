/** An answer as it is kept between requests: the bytes are made once. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array<ArrayBuffer>
}

const encoder = new TextEncoder()

export const TEXT = 'text/plain; charset=utf-8'

export function createReply(
  status: number,
  type: string,
  text: string,
  more?: Readonly<Record<string, string>>,
): Reply {
  const bytes = encoder.encode(text)
  return {
    status,
    headers: {
      'Content-Type': type,
      'Content-Length': String(bytes.length),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...more,
    },
    bytes,
  }
}

/** The answer to one request: a HEAD has the headers of its GET, and no body. */
export function respond(reply: Reply, method: string): Response {
  return new Response(method === 'HEAD' ? null : reply.bytes, { status: reply.status, headers: reply.headers })
}
