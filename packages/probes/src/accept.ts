/** A media type, or a range of them. */
interface Media {
  readonly type: string
  readonly subtype: string
  /** By name; without the quality. */
  readonly parameters: ReadonlyMap<string, string>
}

/** One entry of an `Accept` header. */
interface Range extends Media {
  readonly quality: number
}

/**
 * Picks what an `Accept` header asks for: the highest quality, then the most exactly named, then the order of `offers`,
 * which are media types as in a `Content-Type`. Without a header, or when nothing fits, the first offer: an answer in a
 * form that was not asked for says more than a refusal does.
 */
export function negotiate<T extends string>(accept: string | null, offers: readonly [T, ...T[]]): T {
  if (accept === null) return offers[0]
  const ranges = accept.split(',').map(parseRange)
  let best: { offer: T; quality: number; exactness: number } | undefined
  for (const offer of offers) {
    const { quality, exactness } = judge(parseMedia(offer), ranges)
    if (quality === 0) continue
    if (best === undefined || quality > best.quality || (quality === best.quality && exactness > best.exactness)) {
      best = { offer, quality, exactness }
    }
  }
  return best?.offer ?? offers[0]
}

/** The quality of an offer is that of the most exact range that it falls in. */
function judge(offer: Media, ranges: readonly Range[]): { quality: number; exactness: number } {
  let judged = { quality: 0, exactness: -1 }
  for (const range of ranges) {
    const exactness = exactnessOf(range, offer)
    if (exactness > judged.exactness) judged = { quality: range.quality, exactness }
  }
  return judged
}

function exactnessOf(range: Range, offer: Media): number {
  if (range.type === '*' && range.subtype === '*') return 0
  if (range.type !== offer.type) return -1
  if (range.subtype === '*') return 1
  if (range.subtype !== offer.subtype) return -1
  let exactness = 2
  for (const [name, value] of range.parameters) {
    const offered = offer.parameters.get(name)
    // Scrapers also ask for what an offer does not speak of, such as `escaping`
    if (offered === value) exactness++
    else if (offered !== undefined) return -1
  }
  return exactness
}

function parseRange(text: string): Range {
  const media = parseMedia(text)
  const parameters = new Map(media.parameters)
  const weight = parameters.get('q')
  parameters.delete('q')
  const quality = weight === undefined ? 1 : Number(weight)
  return { ...media, parameters, quality: quality >= 0 && quality <= 1 ? quality : 0 }
}

function parseMedia(text: string): Media {
  const [media = '', ...rest] = text.split(';').map((part) => part.trim().toLowerCase())
  const [type = '', subtype = ''] = media.split('/')
  const parameters = new Map(rest.map(parseParameter))
  return { type, subtype, parameters }
}

function parseParameter(text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  if (at === -1) return [text, '']
  return [
    text.slice(0, at).trim(),
    text
      .slice(at + 1)
      .trim()
      .replaceAll(/^"|"$/g, ''),
  ]
}
