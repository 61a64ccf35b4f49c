import { html, type Html, type HtmlValue } from './html.ts'

/** What a page says to the frame that all pages share. */
export interface PageParts {
  /** Of the window, before the program's name. */
  readonly title: string
  /** What the program is called. */
  readonly program: string
  readonly current: 'services' | 'traces'
  /** From this page to the first one, as a relative link, so that the pages can stand below any path: `./` or `../`. */
  readonly root: string
  readonly main: HtmlValue
}

/** The whole page: head, skip link, the two pages to go to, and the main part. */
export function page({ title, program, current, root, main }: PageParts): Html {
  const link = (name: typeof current, path: string, text: string): Html =>
    html`<a href="${root}${path}" ${name === current && html` aria-current="page"`}>${text}</a>`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${[title, program].filter((part) => part !== '').join(' · ')}</title>
        <link rel="icon" href="${root}debug/dashboard.svg" />
        <link rel="stylesheet" href="${root}debug/dashboard.css" />
        <script type="module" src="${root}debug/dashboard.js"></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
          <p class="program"><bdi>${program}</bdi></p>
          <nav aria-label="Pages">${link('services', '', 'Services')}${link('traces', 'debug/traces', 'Traces')}</nav>
        </header>
        <main id="main" tabindex="-1">${main}</main>
      </body>
    </html> `
}
