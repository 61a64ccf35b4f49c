/** Milliseconds since the epoch, with fractions: what spans need, since whole milliseconds put siblings out of order. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}
