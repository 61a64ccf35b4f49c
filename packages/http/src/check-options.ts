import {
  checkFunction,
  checkName,
  checkNumber,
  checkObject,
  checkOptionalFunction,
  checkScope,
  show,
} from '@svc/core/internal'
import type { HttpServiceOptions } from './http-service.ts'

export function checkOptions(options: HttpServiceOptions): void {
  checkObject(options, 'the options')
  const { name, parent, host, port, handler, upgrade, serverOptions } = options
  checkName(name, 'option "name"')
  checkScope(parent)
  if (host !== undefined) checkName(host, 'option "host"')
  if (port !== undefined) checkPort(port)
  checkFunction(handler, 'option "handler"')
  checkOptionalFunction(upgrade, 'option "upgrade"')
  if (serverOptions !== undefined) checkObject(serverOptions, 'option "serverOptions"')
}

function checkPort(port: number): void {
  checkNumber(port, 'option "port"')
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`Cannot use option "port": expected a whole number from 0 to 65535, got ${show(port)}`)
  }
}
