// SPDX-License-Identifier: Apache-2.0
import { isIPv4 } from 'node:net'
import { SnmpError, type SnmpTarget, type SnmpUser } from './port.ts'

/** Characters of a pass phrase at least [RFC3414 §11.2]. */
const MIN_PASS_PHRASE = 8
const MAX_USER_NAME = 32
const MAX_COMMUNITY = 255

/** What is wrong with a user, in one sentence; undefined when nothing is. */
export function faultOfUser(user: SnmpUser): string | undefined {
  const length = Buffer.byteLength(user.name)
  if (length < 1 || length > MAX_USER_NAME) return `a user name has 1 to ${MAX_USER_NAME} bytes [RFC3414 §2.4]`
  if (user.level === 'noAuthNoPriv') return undefined
  if (!user.authProtocol || user.authKey === undefined) return `${user.level} needs an authentication protocol and key`
  if (user.authKey.length < MIN_PASS_PHRASE) return `an authentication key has at least ${MIN_PASS_PHRASE} characters`
  if (user.level === 'authNoPriv') return undefined
  if (!user.privProtocol || user.privKey === undefined) return 'authPriv needs a privacy protocol and key'
  if (user.privKey.length < MIN_PASS_PHRASE) return `a privacy key has at least ${MIN_PASS_PHRASE} characters`
  return undefined
}

/** What is wrong with a target, in one sentence; undefined when nothing is. */
export function faultOfTarget(target: SnmpTarget): string | undefined {
  const { address, port, version, inform, timeoutMillis, retries } = target
  if (!isIPv4(address)) return 'an SNMP target is an IPv4 address'
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return 'a port is a number from 1 to 65535'
  if (version === '1' && inform) return 'version 1 has no informs [RFC3584 §3.2]'
  if (!(timeoutMillis > 0) || !(retries >= 0)) return 'the timeout is above 0 and the retries are 0 or more'
  if (version === '3') return target.user ? faultOfUser(target.user) : 'version 3 needs a user'
  if (target.community === undefined) return `version ${version} needs a community`
  return Buffer.byteLength(target.community) > MAX_COMMUNITY
    ? `a community has at most ${MAX_COMMUNITY} bytes`
    : undefined
}

export function assertTarget(target: SnmpTarget): void {
  const fault = faultOfTarget(target)
  if (fault) throw new SnmpError('invalid', fault)
}
