import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** A field that is wrong: where, and what would be right. */
export interface FieldError {
  /** As in `types[0]`; empty for the whole. */
  readonly path: string
  readonly message: string
}

/** What is thrown to answer with an error. */
export class Problem extends Error {
  readonly status: ContentfulStatusCode
  readonly headers: Readonly<Record<string, string>>
  readonly errors: readonly FieldError[] | undefined

  constructor(
    status: ContentfulStatusCode,
    detail: string,
    more: { readonly headers?: Record<string, string>; readonly errors?: readonly FieldError[] } = {},
  ) {
    super(detail)
    this.status = status
    this.headers = more.headers ?? {}
    this.errors = more.errors
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/** The answer to a problem, as RFC 9457 has it. */
export function problemResponse({ status, message, headers, errors }: Problem): Response {
  const body = { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail: message, errors }
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...headers, 'content-type': 'application/problem+json' },
  })
}
