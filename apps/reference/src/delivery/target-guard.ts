import { lookup as resolve } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Loopback, link-local, private and the other addresses that are not for everybody. Of IPv6, 2000::/3 is. */
const RANGES_4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
]
const RANGES_6 = ['::/3', '2001::/32', '2002::/16', '4000::/2', '8000::/1']

/** Keeps deliveries away from what only this machine, or its network, should reach. */
export interface TargetGuard {
  /** Says why an endpoint is refused; `undefined` when it is not, or when its name cannot be resolved for now. */
  refusal(url: URL): Promise<string | undefined>
  /** Why a host that is an address is refused: nothing looks such a host up. */
  addressRefusal(host: string): string | undefined
  /** Resolves names for a connection, and refuses those of a forbidden address: what was checked is what is connected to. */
  readonly lookup: LookupFunction
}

export function createTargetGuard({ allowPrivateTargets }: { readonly allowPrivateTargets: boolean }): TargetGuard {
  const blocked = { 4: blockList(RANGES_4, 'ipv4'), 6: blockList(RANGES_6, 'ipv6') }

  function addressRefusal(host: string): string | undefined {
    const address = host.replace(/^\[(?<address>.*)\]$/, '$<address>')
    const family = isIP(address)
    if (allowPrivateTargets || family === 0) return undefined
    const isBlocked = family === 4 ? blocked[4].check(address, 'ipv4') : blocked[6].check(address, 'ipv6')
    if (!isBlocked) return undefined
    return `${address} is a loopback, link-local or private address`
  }

  const lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const refusal = addresses?.map(({ address }) => addressRefusal(address)).find((it) => it !== undefined)
      const failure = error ?? (refusal === undefined ? null : new Error(`${hostname} is refused: ${refusal}`))
      const [first] = addresses ?? []
      if (failure !== null || first === undefined) callback(failure, '')
      else if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }

  return {
    addressRefusal,
    lookup,
    refusal: ({ hostname }) => {
      if (allowPrivateTargets || isIP(hostname.replaceAll(/[[\]]/g, '')) !== 0) {
        return Promise.resolve(addressRefusal(hostname))
      }
      return new Promise((done) => {
        resolve(hostname, { all: true }, (_error, addresses) => {
          done(addresses?.map(({ address }) => addressRefusal(address)).find((it) => it !== undefined))
        })
      })
    },
  }
}

/** One list for each family: in a list of both, an IPv6 range that has mapped addresses in it would block all of IPv4. */
function blockList(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    list.addSubnet(address, Number(prefix), family)
  }
  return list
}
