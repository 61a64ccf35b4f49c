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

/** A `Response` copies the bytes that it is given, and a stream does not: above this the copy costs more than the stream. */
const STREAMED = 65_536

/** The answer to one request: a HEAD has the headers of its GET, and no body. */
export function respond({ status, headers, bytes }: Reply, method: string): Response {
  if (method === 'HEAD') return new Response(null, { status, headers })
  return new Response(bytes.length > STREAMED ? createStream(bytes) : bytes, { status, headers })
}

function createStream(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    pull: (controller) => {
      controller.enqueue(bytes)
      controller.close()
    },
  })
}
