// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from '#daemon/domain/alarm'
import type { BootStep } from '#daemon/domain/boot'
import type { Explanation } from '#daemon/domain/dhcp/explanation'
import type { Lease } from '#daemon/domain/lease'
import { type Phone, type Presence, publicUser, UNASSIGNED, type User } from '#daemon/domain/phone'
import { type Mac, parseMac } from '#protocols/lib/mac'
import type {
  AccountsPort,
  DeviceDetail,
  DevicePage,
  DeviceQuery,
  DeviceRow,
  FleetSummary,
  FleetView,
  ServerRow,
  SignIn,
  WebPort,
} from '#web/port'

import type { ConfigurationPort, ReloadReport } from '#web/ports/configuration'
import type { DhcpDesk } from '#web/ports/dhcp'
import { MemoryAlarms } from './memory-alarms.ts'
import { MemoryCommands } from './memory-commands.ts'
import { MemoryDirectory } from './memory-directory.ts'
import { MemoryForwarding } from './memory-forwarding.ts'

/** Monday, 2 March 2026, 09:00 UTC. */
export const MONDAY = Date.UTC(2026, 2, 2, 9)

export function mac(text: string): Mac {
  const parsed = parseMac(text)
  if (!parsed) throw new Error(`not a MAC address: ${text}`)
  return parsed
}

export function phone(address: string, fields: Partial<Phone> = {}): Phone {
  return {
    mac: mac(address),
    vendor: 'AudioCodes',
    model: '440HD',
    firmware: '2.2.16.704',
    virtual: false,
    approval: 'approved',
    status: 'registered',
    address: '10.1.2.3',
    externalAddress: '10.1.2.3',
    subnet: '255.255.0.0',
    userName: '',
    displayName: '',
    phoneNumber: '',
    location: '',
    userAgent: '',
    extra: {},
    ...UNASSIGNED,
    firstSeenAt: MONDAY - 86_400_000,
    reportedAt: MONDAY - 120_000,
    ...fields,
  }
}

export function step(name: BootStep['step'], at: number, fields: Partial<BootStep> = {}): BootStep {
  return {
    step: name,
    at,
    lastAt: at,
    count: 1,
    ending: 'reply',
    protocol: 'dhcp',
    detail: '',
    micros: 400,
    ...fields,
  }
}

/** A fleet written by hand: no clock, no rules, no storage; what a test puts is what the pages get. */
export class MemoryFleet implements FleetView {
  readonly #devices = new Map<Mac, DeviceDetail>()
  readonly #listeners = new Set<(mac: Mac) => void>()
  pendingApproval = 0
  /** How often the summary was asked for: shows how much work the pages cause. */
  summaries = 0

  put(
    value: Phone,
    presence: Presence = 'registered',
    more: { user?: User; lease?: Lease; steps?: readonly BootStep[]; presences?: DeviceDetail['presences'] } = {},
  ): Mac {
    const device = {
      phone: value,
      presence,
      user: more.user && publicUser(more.user),
      lease: more.lease,
      steps: more.steps ?? [],
      presences: more.presences ?? [],
    }
    this.#devices.set(value.mac, device)
    for (const listener of this.#listeners) listener(value.mac)
    return value.mac
  }

  get followers(): number {
    return this.#listeners.size
  }

  summary(): FleetSummary {
    this.summaries++
    const count = (presence: Presence) => this.#rows().filter((row) => row.presence === presence).length
    return {
      registered: count('registered'),
      notRegistered: count('not registered'),
      disconnected: count('disconnected'),
      starting: count('starting'),
      seen: count('seen'),
      pendingApproval: this.pendingApproval,
      total: this.#devices.size,
    }
  }

  devices({ text, presence, page, pageSize }: DeviceQuery): DevicePage {
    const wanted = text.toLowerCase()
    const found = this.#rows().filter((row) => {
      const { mac: address, userName, displayName, model, firmware, address: ip } = row.phone
      const words = [address, userName, displayName, model, firmware, ip].join('\n').toLowerCase()
      return words.includes(wanted) && (presence === undefined || row.presence === presence)
    })
    const pageCount = Math.ceil(found.length / pageSize)
    const rows = found.slice((page - 1) * pageSize, page * pageSize)
    return { rows, page, pageCount, total: found.length }
  }

  recent(limit: number): readonly DeviceRow[] {
    const reported = this.#rows().filter((row) => row.phone.reportedAt > 0)
    return reported.sort((a, b) => b.phone.reportedAt - a.phone.reportedAt).slice(0, limit)
  }

  device(address: Mac): DeviceDetail | undefined {
    return this.#devices.get(address)
  }

  follow(listener: (mac: Mac) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #rows(): DeviceRow[] {
    return [...this.#devices.values()].map(({ phone, presence }) => ({ phone, presence }))
  }
}

export const PASSWORD = 'correct horse battery'

/** One account, `admin`; the third wrong try in a row has to wait. */
export class MemoryAccounts implements AccountsPort {
  password = PASSWORD
  mustChangePassword = false
  wrongTries = 0
  /** What `changePassword` refuses the next one with. */
  refusal: string | undefined
  readonly from: string[] = []

  async signIn(name: string, password: string, from: string): Promise<SignIn> {
    this.from.push(from)
    if (this.wrongTries >= 3) return { kind: 'wait', seconds: 29.2 }
    if (name === 'admin' && password === this.password) {
      this.wrongTries = 0
      return { kind: 'welcome', account: { name, mustChangePassword: this.mustChangePassword } }
    }
    this.wrongTries++
    return { kind: 'wrong' }
  }

  async changePassword(_name: string, _current: string, next: string): Promise<string | undefined> {
    if (this.refusal !== undefined) return this.refusal
    this.password = next
    this.mustChangePassword = false
    return undefined
  }
}

export class MemoryPort implements WebPort {
  readonly fleet = new MemoryFleet()
  readonly accounts = new MemoryAccounts()
  clock = MONDAY
  trouble: string | undefined
  serverRows: ServerRow[] = [serving('dhcp', 67), serving('tftp', 69), serving('http', 80), serving('web', 8090)]
  readonly alarmDesk = new MemoryAlarms(() => this.clock)
  readonly forwarding = new MemoryForwarding()
  readonly directory = new MemoryDirectory()
  readonly commands = new MemoryCommands(() => this.clock)

  get alarmRows(): readonly Alarm[] {
    return this.alarmDesk.rows()
  }

  set alarmRows(alarms: readonly Alarm[]) {
    this.alarmDesk.replace(alarms)
  }

  servers(): readonly ServerRow[] {
    return this.serverRows
  }

  alarms(): readonly Alarm[] {
    return this.alarmRows
  }

  /** A real one, of test/web/dhcp-office.ts. */
  dhcpDesk?: DhcpDesk

  explanations = new Map<Mac, readonly Explanation[]>()
  readonly localToken = 'a-local-token'

  explain(address: Mac): readonly Explanation[] {
    return this.explanations.get(address) ?? []
  }

  async metrics(): Promise<{ contentType: string; body: string }> {
    return { contentType: 'text/plain; version=0.0.4; charset=utf-8', body: 'offhook_up 1\n' }
  }

  storeTrouble(): string | undefined {
    return this.trouble
  }

  /** What the last reload came to, and what the next one will come to. */
  lastReload: ReloadReport | undefined
  nextReload: ReloadReport = {
    ...{ at: MONDAY, outcome: 'unchanged', complaints: [], applied: [], restart: [], failures: [] },
  }

  readonly configuration: ConfigurationPort = {
    lastReload: () => this.lastReload,
    reload: async () => {
      this.lastReload = this.nextReload
      return this.nextReload
    },
  }

  now(): number {
    return this.clock
  }
}

function serving(name: string, port: number): ServerRow {
  return { name, health: { state: 'serving', endpoints: [{ address: '10.1.0.2', port }], detail: 'serving' } }
}

/** Takes the server named out of service. */
export function lose(port: MemoryPort, name: string, detail: string): void {
  port.serverRows = port.serverRows.map((row) =>
    row.name === name ? { name, health: { state: 'lost', endpoints: [], detail } } : row,
  )
}
