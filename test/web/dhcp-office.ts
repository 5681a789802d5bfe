// SPDX-License-Identifier: Apache-2.0
import { loadConfig } from '#config/load'
import { Addressing } from '#daemon/services/addressing/addressing'
import { DhcpCounts } from '#daemon/services/dhcp-counts'
import { StoreDhcpDesk } from '#daemon/services/dhcp-desk/dhcp-desk'
import { Explain } from '#daemon/services/explain'
import { planOf } from '#daemon/settings'
import { put, type Store } from '#daemon/store/store'
import { leases } from '#daemon/store/tables'
import { identify } from '#daemon/vendors/audiocodes/identify'
import { decode } from '#protocols/dhcp/codec'
import { encodeOption } from '#protocols/dhcp/options'
import { readRequest } from '#protocols/dhcp/query'
import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { relayed } from '#test/support/dhcp-packet'
import { freshStore } from '#test/support/store'
import { type MemoryPort, MONDAY } from './memory-port.ts'

/** What a hostile client calls itself; no page may run or be confused by it. */
export const HOSTILE = '<script>alert(1)</script>"\'&\u0007\u202e'

export const OFFICE = `
server: { address: 10.1.0.2 }
dhcp:
  mode: server
  options: [{ option: domain-search, value: [voice.example] }]
  uc: { webServer: pool.contoso.example }
  classes:
    - name: meeting rooms
      when: { model: C4*, not: { circuitId: lobby-1 } }
      options: [{ option: log-servers, value: 10.1.0.5 }]
  subnets:
    - name: voice headquarters
      cidr: 10.1.0.0/16
      pools:
        - 10.1.1.10-10.1.1.109
        - { range: 10.1.9.1-10.1.9.50, classes: [meeting rooms], exclude: [10.1.9.20] }
      routers: [10.1.0.1]
      ntpServers: [10.1.0.1]
      voiceVlan: 100
      reservations: [{ mac: 00:90:8f:12:34:56, address: 10.1.2.20, hostname: reception }]
    - { name: '<b>lab</b> & "more"/..', cidr: 10.2.0.0/24, pools: [10.2.0.10-10.2.0.12] }
`

/** DHCP as it is behind a real site: its own services on a fresh store. */
export class DhcpOffice {
  readonly store: Store
  readonly addressing: Addressing
  readonly desk: StoreDhcpDesk
  readonly explain: Explain
  readonly told: [string, object | undefined][] = []

  private constructor(store: Store, config: string) {
    this.store = store
    const now = () => MONDAY
    const counts = new DhcpCounts()
    this.explain = new Explain(now, (packet, heard) => {
      const reading = readRequest(decode(packet), heard.peer, 'unknown', undefined, packet)
      if (reading.kind !== 'request') throw new Error(reading.reason)
      return { ...reading.request.query, ...heard }
    })
    const loaded = loadConfig(config, 'offhook.yaml', {})
    this.addressing = new Addressing({
      ...{ store, now, identify, counts, explain: this.explain, mode: loaded.dhcp.mode },
      plan: planOf(loaded, MONDAY),
    })
    this.addressing.start()
    this.desk = new StoreDhcpDesk({
      ...{ store, now, counts, addressing: this.addressing, encode: encodeOption },
      announce: (id, fields) => void this.told.push([id, fields]),
    })
  }

  static async open(port: MemoryPort, config = OFFICE): Promise<DhcpOffice> {
    const office = new DhcpOffice(await freshStore(), config)
    port.dhcpDesk = office.desk
    return office
  }

  /** A phone in the network of `giaddr` asks for an address and takes it; every message can be explained. */
  async boot(port: MemoryPort, mac: string, vendorClass: string, giaddr = '10.1.0.1'): Promise<Ipv4 | undefined> {
    const text = Buffer.from(vendorClass)
    const options = [60, text.length, ...text, 77, text.length, ...text, 55, 7, 1, 3, 42, 66, 67, 132, 160]
    const offer = await this.#ask(mac, 1, giaddr, options)
    const address = offer.kind === 'lease' ? offer.address : undefined
    if (address) {
      const number = ipv4ToNumber(address)
      const bytes = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255)
      await this.#ask(mac, 3, giaddr, [50, 4, ...bytes, 54, 4, 10, 1, 0, 2, ...options])
    }
    port.explanations.set(mac as Mac, this.explain.of(mac as Mac))
    return address
  }

  /** So many leases, from 10.1.16.0 on. */
  async fill(count: number): Promise<void> {
    const first = ipv4ToNumber('10.1.16.0' as Ipv4)
    for (let start = 0; start < count; start += 5_000) {
      const rows = Array.from({ length: Math.min(5_000, count - start) }, (_, i) => {
        const address = ipv4FromNumber(first + start + i)
        const mac = `02${(start + i).toString(16).padStart(10, '0')}` as Mac
        const times = { expiresAt: MONDAY + 3_600_000, updatedAt: MONDAY }
        return put(leases, address, { address, state: 'leased', clientKey: mac, mac, hostname: '', ...times })
      })
      await this.store.commit(rows, { durable: false })
    }
  }

  async #ask(mac: string, type: number, giaddr: string, options: readonly number[]) {
    const packet = relayed({ type, mac, giaddr, options })
    const peer = { address: giaddr, port: 67 }
    const reading = readRequest(decode(packet), peer, 'unicast', undefined, packet)
    if (reading.kind !== 'request') throw new Error(reading.reason)
    return this.addressing.leaseFor(reading.request.query)
  }
}
