/** The earlier one of two that are the same error, or were joined anew of the same parts, as happens at each look. */
export function earlierIfSame(earlier: Error | null, later: Error | null): Error | null {
  return earlier !== null && later !== null && haveSameParts(earlier, later) ? earlier : later
}

function haveSameParts(one: Error, other: Error): boolean {
  if (!(one instanceof AggregateError) || !(other instanceof AggregateError) || one.message !== other.message)
    return false
  const parts = one.errors as unknown[]
  const others = other.errors as unknown[]
  return parts.length === others.length && parts.every((part, at) => part === others[at])
}
