/** One entry of an `Accept` header. */
interface Range {
  readonly type: string
  readonly subtype: string
  readonly quality: number
}

/**
 * Picks what an `Accept` header asks for: the highest quality, then the most exactly named, then the order of `offers`.
 * Without a header, or when nothing fits, the first offer: an answer in a form that was not asked for says more than a
 * refusal does.
 */
export function negotiate(accept: string | null, offers: readonly [string, ...string[]]): string {
  if (accept === null) return offers[0]
  const ranges = accept.split(',').map(parseRange)
  let best: { offer: string; quality: number; exactness: number } | undefined
  for (const offer of offers) {
    const { quality, exactness } = judge(offer, ranges)
    if (quality === 0) continue
    if (best === undefined || quality > best.quality || (quality === best.quality && exactness > best.exactness)) {
      best = { offer, quality, exactness }
    }
  }
  return best?.offer ?? offers[0]
}

/** The quality of an offer is that of the most exact range that it falls in. */
function judge(offer: string, ranges: readonly Range[]): { quality: number; exactness: number } {
  const [type, subtype] = offer.split('/')
  let judged = { quality: 0, exactness: -1 }
  for (const range of ranges) {
    const exactness = exactnessOf(range, type, subtype)
    if (exactness > judged.exactness) judged = { quality: range.quality, exactness }
  }
  return judged
}

function exactnessOf(range: Range, type: string | undefined, subtype: string | undefined): number {
  if (range.type === type && range.subtype === subtype) return 2
  if (range.type === type && range.subtype === '*') return 1
  return range.type === '*' && range.subtype === '*' ? 0 : -1
}

function parseRange(text: string): Range {
  const [media = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const [type = '', subtype = ''] = media.split('/')
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  const quality = weight === undefined ? 1 : Number(weight.slice(2))
  return { type, subtype, quality: quality >= 0 && quality <= 1 ? quality : 0 }
}
