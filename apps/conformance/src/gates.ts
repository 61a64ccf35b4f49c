/** Doors by name: each is closed until it is opened, then open for good. */
export interface Gates {
  /** Resolves once the gate is open. */
  passed(name: string): Promise<void>
  open(name: string): void
}

interface Gate {
  readonly passed: Promise<void>
  readonly open: () => void
}

export function createGates(): Gates {
  const gates = new Map<string, Gate>()
  function gate(name: string): Gate {
    const known = gates.get(name)
    if (known !== undefined) return known
    const made = createGate()
    gates.set(name, made)
    return made
  }
  return {
    passed: (name) => gate(name).passed,
    open: (name) => gate(name).open(),
  }
}

function createGate(): Gate {
  let open: () => void = () => undefined
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open: () => open() }
}
