import type { Attributes } from '@opentelemetry/api'
import { boundedValue, cut, NAME_LIMIT, OTHER } from '@svc/core/internal'

/** The attributes of one service: the same object for the same values, which is how series are told apart here. */
export class Labels {
  readonly plain: Attributes
  private readonly further = new Map<string, Map<string, Attributes>>()

  constructor(id: string) {
    this.plain = { service_id: id }
  }

  /** With one attribute more. */
  with(name: string, value: string): Attributes {
    let values = this.further.get(name)
    if (values === undefined) this.further.set(name, (values = new Map<string, Attributes>()))
    const kept = boundedValue(values, cut(value, NAME_LIMIT))
    let attributes = values.get(kept)
    if (attributes === undefined) values.set(kept, (attributes = { ...this.plain, [name]: kept }))
    return attributes
  }
}

/**
 * Which services have attributes of their own: the first `maxServices` names that were ever seen; all later ones share
 * one. A name that has gone keeps its place, since SDKs keep its series, and have room for 2,000 of an instrument.
 */
export class AllLabels {
  readonly other: Labels = new Labels(OTHER)
  private readonly own = new Map<string, Labels>()
  private readonly maxServices: number
  private readonly full: (id: string) => void

  /** @param full Is told of each name that finds no place. */
  constructor(maxServices: number, full: (id: string) => void) {
    this.maxServices = maxServices
    this.full = full
  }

  of(id: string): Labels {
    const name = cut(id, NAME_LIMIT)
    const known = this.own.get(name)
    if (known !== undefined) return known
    if (name === OTHER) return this.other
    if (this.own.size >= this.maxServices) {
      this.full(name)
      return this.other
    }
    const labels = new Labels(name)
    this.own.set(name, labels)
    return labels
  }
}
