// SPDX-License-Identifier: Apache-2.0
import type { EngineState } from './port.ts'

/** snmpEngineBoots stays there; whoever reaches it needs a new engine ID or new keys [RFC3414 §2.2.2]. */
export const MAX_BOOTS = 2_147_483_647
/** How far two clocks may lie apart, in seconds [RFC3414 §2.2.3]. */
export const TIME_WINDOW = 150

/** net-snmp's enterprise number, whose playground our MIB lives in by default. */
const ENTERPRISE = 8072
const FORMAT_OCTETS = 5
/** Random octets in a new engine ID; the format allows 27. */
export const ENGINE_ID_OCTETS = 12

/** A new engine ID of random octets: highest bit, enterprise, format `octets` [RFC3411 §5 SnmpEngineID]. */
export function newEngineId(random: Uint8Array): Uint8Array {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(0x8000_0000 + ENTERPRISE, 0)
  head[4] = FORMAT_OCTETS
  return Uint8Array.from([...head, ...random.subarray(0, 27)])
}

/** An engine ID as people write it, `0x80001f8805…` or plain hex; undefined when it is none [RFC3411 §5]. */
export function parseEngineId(text: string): Uint8Array | undefined {
  const hex = text.trim().replace(/^0x/i, '').replaceAll(/[\s:]/g, '')
  if (!/^([0-9a-f]{2}){5,32}$/i.test(hex)) return undefined
  const bytes = Uint8Array.from(Buffer.from(hex, 'hex'))
  return isEngineId(bytes) ? bytes : undefined
}

/** 5 to 32 octets, and neither all zeros nor all ones [RFC3411 §5 SnmpEngineID]. */
export function isEngineId(bytes: Uint8Array): boolean {
  const right = bytes.byteLength >= 5 && bytes.byteLength <= 32
  return right && bytes.some((byte) => byte !== 0) && bytes.some((byte) => byte !== 0xff)
}

/** The state for a start that begins now; store it before the first message leaves [RFC3414 §2.2.2, §2.3]. */
export function nextBoot(last: EngineState | undefined, newId: () => Uint8Array): EngineState {
  if (!last || !isEngineId(last.id)) return { id: newId(), boots: 1 }
  return { id: last.id, boots: Math.min(last.boots + 1, MAX_BOOTS) }
}

/** We, as the authoritative engine of all our traps and of our agent: there is one, so that they have one clock. */
export class LocalEngine {
  readonly id: Uint8Array
  readonly boots: number
  readonly #now: () => number
  readonly #since: number

  /** `now` in milliseconds, never going backwards. */
  constructor({ id, boots }: EngineState, now: () => number) {
    this.id = id
    this.boots = boots
    this.#now = now
    this.#since = now()
  }

  /** snmpEngineTime: seconds since this start. */
  get time(): number {
    return Math.min(Math.floor((this.#now() - this.#since) / 1000), MAX_BOOTS)
  }

  /** sysUpTime, in hundredths of a second; it wraps [RFC3418 §2 sysUpTime]. */
  get uptime(): number {
    return Math.floor((this.#now() - this.#since) / 10) % 2 ** 32
  }

  /** Whether an authenticated message for us is new enough [RFC3414 §3.2 7a]. */
  isTimely(boots: number, time: number): boolean {
    return this.boots < MAX_BOOTS && boots === this.boots && Math.abs(time - this.time) <= TIME_WINDOW
  }
}

/** What we know of the engine that answers our informs [RFC3414 §2.3]. */
export class RemoteEngine {
  readonly id: Uint8Array
  readonly #now: () => number
  #boots = 0
  #time = 0
  #at: number
  /** The largest time of these boots that an authenticated message told. */
  #latest = 0
  #known = false

  constructor(id: Uint8Array, now: () => number) {
    this.id = id
    this.#now = now
    this.#at = now()
  }

  /** Until its clock is known, boots and time are 0, which it answers with a report that tells them [RFC3414 §4]. */
  get known(): boolean {
    return this.#known
  }

  get boots(): number {
    return this.#boots
  }

  get time(): number {
    return this.#known ? Math.min(this.#time + Math.floor((this.#now() - this.#at) / 1000), MAX_BOOTS) : 0
  }

  /** Learns from an authenticated message and tells whether it is new enough [RFC3414 §3.2 7b]. */
  learn(boots: number, time: number): boolean {
    if (!this.#known || boots > this.#boots || (boots === this.#boots && time > this.#latest)) {
      this.#known = true
      this.#boots = boots
      this.#time = time
      this.#latest = time
      this.#at = this.#now()
    }
    return boots < MAX_BOOTS && boots === this.#boots && time >= this.time - TIME_WINDOW
  }
}
