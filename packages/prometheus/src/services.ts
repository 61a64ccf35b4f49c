import { OTHER, ServiceLedger } from '@svc/core/internal'
import { Shown } from './shown.ts'

/** Which services have series, and under what name: the first `maxServices` their own, the others one that they share. */
export class Services extends ServiceLedger<Shown> {
  other: Shown = new Shown(OTHER)
  private owners = 0
  private sharers = 0

  /** How many further services would get series of their own. */
  get room(): number {
    return this.maxServices - this.owners
  }

  override clear(): void {
    super.clear()
    this.other = new Shown(OTHER)
    this.owners = 0
    this.sharers = 0
  }

  protected open(id: string): Shown {
    if (id !== OTHER && this.room > 0) {
      this.owners++
      return new Shown(id)
    }
    this.sharers++
    if (id !== OTHER) this.tellFull(id)
    return this.other
  }

  protected override renewed(id: string, shown: Shown): void {
    shown.release(id)
  }

  protected override closed(id: string, shown: Shown): void {
    if (shown !== this.other) this.owners--
    else if (--this.sharers === 0) this.other = new Shown(OTHER)
    else shown.release(id)
  }
}
