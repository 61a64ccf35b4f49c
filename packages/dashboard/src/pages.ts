import type { ServiceEvent } from '@svc/core'

/** Some pages of the dashboard, and what they know of the program. */
export interface Pages {
  /** Is told each event. It runs in every start and tick: store here, draw in `answer`. */
  observe(event: ServiceEvent): void
  /**
   * Answers a request for one of these pages, and gives `undefined` for every other path. The method is GET or HEAD.
   *
   * @param details whether the one who asks may see error messages
   */
  answer(request: Request, url: URL, details: boolean): Response | Promise<Response> | undefined
}
