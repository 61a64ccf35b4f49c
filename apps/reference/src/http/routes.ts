import type { Context, Env, Hono } from 'hono'
import { Problem } from './problem.ts'

type Method = 'GET' | 'POST' | 'DELETE'
type Handler = (context: Context<Env, string>) => Response | Promise<Response>

/** Adds what a path answers to; every other method is refused with the list of those that are not. */
export function addRoutes(app: Hono, path: string, handlers: Partial<Record<Method, Handler>>): void {
  for (const [method, handler] of Object.entries(handlers)) app.on(method, path, handler)
  // Hono answers a HEAD as the GET without its body
  const allow = Object.keys(handlers).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  app.all(path, ({ req }) => {
    throw new Problem(405, `Cannot ${req.method} this: expected ${allow.join(' or ')}`, {
      headers: { allow: allow.join(', ') },
    })
  })
}
