/** The state that a service is in, as its refusal tells it. */
export function stateOf(service: { readiness(): Error | null }): string {
  const refusal = service.readiness() as { state?: string; errors?: readonly { state?: string }[] } | null
  return refusal === null ? 'Started' : (refusal.errors?.[0]?.state ?? refusal.state ?? '?')
}
