const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A duration for people: `0.4 ms`, `12 ms`, `1.25 s`, `2 min 5 s`, `3 h 12 min`. */
export function durationText(ms: number): string {
  if (ms < 0.095) return ms < 0.0005 ? '0 ms' : `${Math.max(1, Math.round(ms * 1000))} µs`
  if (ms < 9.95) return `${trimmed(ms, 1)} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 9.995 * SECOND) return `${trimmed(ms / SECOND, 2)} s`
  if (ms < 59.95 * SECOND) return `${trimmed(ms / SECOND, 1)} s`
  if (ms < HOUR - SECOND / 2) return pair(Math.round(ms / SECOND), 60, 'min', 's')
  if (ms < DAY - MINUTE / 2) return pair(Math.round(ms / MINUTE), 60, 'h', 'min')
  return pair(Math.round(ms / HOUR), 24, 'd', 'h')
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)))
}

function pair(count: number, size: number, large: string, small: string): string {
  const rest = count % size
  return `${Math.floor(count / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`
}

/** A moment as `2026-11-22 19:50:12.345 UTC`: who reads it may be in another zone than the program. */
export function momentText(at: number): string {
  const text = isoText(at)
  return `${text.slice(0, -1).replace('T', ' ')} UTC`
}

export function isoText(at: number): string {
  const date = new Date(at)
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString()
}

/** The marks of a time axis: round steps from 0, at most about five. */
export function axisMarks(totalMs: number): readonly number[] {
  const step = niceStep(totalMs / 4)
  const marks: number[] = []
  for (let i = 0; i * step <= totalMs && i < 10; i++) marks.push(i * step)
  return marks
}

const STEPS = [1, 2, 5, 10, 15, 30, 60]
  .flatMap((it) => [it * SECOND, it * MINUTE])
  .concat([2, 3, 6, 12, 24].map((it) => it * HOUR))

function niceStep(least: number): number {
  if (least >= SECOND / 2) {
    const found = STEPS.toSorted((a, b) => a - b).find((it) => it >= least)
    if (found !== undefined) return found
  }
  if (least >= DAY) return Math.ceil(least / DAY) * DAY
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-6)))
  const factor = [1, 2, 5, 10].find((it) => it * power >= least) ?? 10
  return factor * power
}
