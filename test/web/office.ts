// SPDX-License-Identifier: Apache-2.0
import type { BootStep } from '#daemon/domain/boot'
import type { Lease } from '#daemon/domain/lease'
import { newUser, type Phone, type Presence } from '#daemon/domain/phone'
import { parseIpv4 } from '#protocols/lib/ipv4'
import { PLAIN_ALARM } from '#test/support/alarm'
import { type MemoryPort, MONDAY, phone, step } from './memory-port.ts'

const PEOPLE = [
  'Amira Haddad',
  'Benedikt Vogel',
  'Carla Esposito',
  'Dmitri Sokolov',
  'Elif Yılmaz',
  'Farid Rahmani',
  'Grace Okafor',
  'Henrik Lindqvist',
  'Ines Carvalho',
  'Jonas Weber',
  'Keiko Tanaka',
  'Liam O’Connor',
  'Maja Nowak',
  'Noah Cohen',
  'Olga Petrova',
  'Priya Raman',
  'Quentin Moreau',
  'Rosa Jiménez',
  'Søren Kjær',
  'Tamar Levi',
]
const MODELS = ['420HD', '430HD', '440HD', '445HD', '450HD']
const MINUTE = 60_000

/** A Monday morning in an office of `size` phones, four of which are in trouble, each in its own way. */
export function furnish(port: MemoryPort, size: number): void {
  for (let n = 0; n < size; n++) {
    const hex = (0x3c0000 + n * 131).toString(16).padStart(6, '0')
    furnishPhone(port, `00908f${hex}`, n, presenceFor(n))
  }
  port.fleet.pendingApproval = Math.floor(size / 60)
  port.alarmRows = [
    {
      id: 'REGISTRATION FAILURE@IPPhone/00908f3c0189',
      name: 'REGISTRATION FAILURE',
      source: 'IPPhone/00908f3c0189',
      severity: 'critical',
      description: 'The SIP server refuses the phone’s registration',
      remedy: 'Check the user’s SIP password.',
      ...PLAIN_ALARM,
      raisedAt: MONDAY - 42 * MINUTE,
      lastAt: MONDAY - 2 * MINUTE,
      count: 14,
    },
    {
      id: 'POOL NEARLY EMPTY@subnet/voice-2',
      name: 'POOL NEARLY EMPTY',
      source: 'subnet/voice-2',
      severity: 'minor',
      description: 'Only 9 of 250 addresses are free in 10.1.2.0/24',
      remedy: 'Add a range to the subnet or shorten its leases.',
      ...PLAIN_ALARM,
      raisedAt: MONDAY - 7 * 60 * MINUTE,
      lastAt: MONDAY - 15 * MINUTE,
      count: 3,
    },
  ]
}

function presenceFor(n: number): Presence {
  if (n % 47 === 3) return 'not registered'
  if (n % 61 === 5) return 'disconnected'
  if (n % 89 === 7) return 'starting'
  return n % 97 === 11 ? 'seen' : 'registered'
}

/** How long ago the phone reported: within the last hour, as phones do, unless it is disconnected. */
function silence(presence: Presence, n: number): number {
  if (presence === 'disconnected') return 260 * MINUTE
  return presence === 'starting' ? 10_000 + (n % 97) * 1000 : ((n * 37) % 419) * 8000
}

const STATUS: Readonly<Record<Presence, Phone['status']>> = {
  registered: 'registered',
  'not registered': 'unregistered',
  disconnected: 'registered',
  starting: 'started',
  seen: 'silent',
}

function furnishPhone(port: MemoryPort, address: string, n: number, presence: Presence): void {
  const person = PEOPLE[n % PEOPLE.length] ?? ''
  const silent = presence === 'seen'
  const model = MODELS[n % MODELS.length] ?? '440HD'
  const ip = `10.1.${1 + Math.floor(n / 200)}.${20 + (n % 200)}`
  const reportedAt = silent ? 0 : MONDAY - silence(presence, n)
  const bootedAt = (reportedAt || MONDAY) - (presence === 'starting' || silent ? 20_000 : 90 * MINUTE)
  const named = !silent && presence !== 'starting'
  const value = phone(address, {
    model,
    firmware: n % 7 === 0 ? 'UC_2.0.13.121' : '2.2.16.704',
    status: STATUS[presence],
    virtual: n % 40 === 9,
    address: ip,
    externalAddress: ip,
    userName: named ? userName(person) : '',
    displayName: named ? person : '',
    phoneNumber: named ? `+49 30 5550 ${1000 + n}` : '',
    location: n % 3 === 0 ? 'Berlin, 3rd floor' : '',
    userAgent: `AUDC-IPPhone/2.2.16.704 (${model}-Rev0; ${address.toUpperCase()})`,
    extra: { BToEpairingstatus: 'unpaired', USBHeadsetType: n % 2 === 0 ? 'Jabra Evolve2 40' : '' },
    firstSeenAt: MONDAY - 90 * 24 * 60 * MINUTE,
    reportedAt,
  })
  const user = named
    ? { ...newUser(userName(person), value.firstSeenAt), displayName: person, phoneNumber: value.phoneNumber }
    : undefined
  port.fleet.put(value, presence, {
    ...(user ? { user } : {}),
    lease: leaseOf(value, bootedAt),
    steps: bootOf(value, bootedAt, presence, n % 2 === 1),
  })
}

function userName(person: string): string {
  return person.toLowerCase().replaceAll(/[^\p{L}]+/gu, '.')
}

function leaseOf(value: Phone, at: number): Lease {
  const address = parseIpv4(value.address)
  if (!address) throw new Error(`not an address: ${value.address}`)
  return {
    address,
    state: 'leased',
    clientKey: `01${value.mac}`,
    mac: value.mac,
    hostname: `phone-${value.mac.slice(6)}`,
    expiresAt: at + 24 * 60 * MINUTE,
    updatedAt: at,
  }
}

function bootOf(value: Phone, at: number, presence: Presence, refused: boolean): BootStep[] {
  const http = (detail: string) => ({ protocol: 'http', detail, micros: 2100 })
  const steps = [
    step('discover', at, { detail: 'DISCOVER → OFFER', micros: 310 }),
    step('lease', at + 410, { detail: 'REQUEST → ACK', micros: 1900 }),
    step('bootstrap', at + 3200, http('GET /ipp/dhcpoption160.cfg → 200')),
  ]
  const config = `GET /configfiles/${value.mac}.cfg`
  if (presence === 'seen' && refused) {
    const why = { ending: 'refuse', count: 3, lastAt: at + 19_000 } as const
    steps.push(
      step('config', at + 3900, { ...http(`${config} → 404 (no template knows the model ${value.model})`), ...why }),
    )
  }
  if (presence === 'seen') return steps
  steps.push(step('config', at + 3900, http(`${config} → 200`)))
  steps.push(step('firmware', at + 4700, { ...http(`GET /firmwarefiles/${value.model}.img → 200`), micros: 1_840_000 }))
  steps.push(step('started', at + 13_000, { protocol: 'keepalive', detail: 'keep-alive started → 200' }))
  if (presence === 'starting') return steps
  const last = presence === 'not registered' ? 'unregistered' : 'registered'
  steps.push(
    step(last, at + 16_500, {
      protocol: 'keepalive',
      detail: `keep-alive ${last} → 200`,
      count: 2,
      lastAt: value.reportedAt,
      micros: 260,
    }),
  )
  return steps
}
