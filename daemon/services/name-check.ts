// SPDX-License-Identifier: Apache-2.0
import { Resolver } from 'node:dns/promises'
import type { Subnet } from '#daemon/domain/subnet'
import type { NameAnswer, NamePort } from '#web/ports/redirects'

export interface NameCheckOptions {
  readonly subnets: () => readonly Subnet[]
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** The DNS servers to ask for a subnet, `address` or `address:port`; none for the machine's own. */
  readonly servers?: (subnet: Subnet) => readonly string[]
}

type Found = Awaited<ReturnType<NamePort['check']>>

/** The name that phones look for where DHCP tells them nothing. */
const NAME = 'ProvisioningServer'
const FRESH_MS = 60_000
const TIMEOUT_MS = 2_000
const AT_ONCE = 8
const MOST_SUBNETS = 500

/** Asks the DNS servers of each subnet for the name of the provisioning server, as its phones do. */
export class NameCheck implements NamePort {
  readonly #options: NameCheckOptions
  #last: Found | undefined
  #running: Promise<Found> | undefined

  constructor(options: NameCheckOptions) {
    this.#options = options
  }

  check(): Promise<Found> {
    if (this.#last && this.#options.now() - this.#last.at < FRESH_MS) return Promise.resolve(this.#last)
    this.#running ??= this.#look().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #look(): Promise<Found> {
    const waiting = this.#options.subnets().slice(0, MOST_SUBNETS)
    const rows: NameAnswer[] = []
    const ask = async (): Promise<void> => {
      for (let subnet = waiting.shift(); subnet; subnet = waiting.shift()) rows.push(await this.#ask(subnet))
    }
    await Promise.all(Array.from({ length: AT_ONCE }, ask))
    rows.sort((a, b) => a.subnet.localeCompare(b.subnet))
    this.#last = { at: this.#options.now(), rows }
    return this.#last
  }

  async #ask(subnet: Subnet): Promise<NameAnswer> {
    const name = subnet.domainName ? `${NAME}.${subnet.domainName}` : NAME
    const about = { subnet: subnet.name, name }
    const ours = subnet.serverAddress
    const servers = this.#options.servers?.(subnet) ?? subnet.dnsServers
    const asked = servers.length > 0 ? servers.join(', ') : 'this machine’s DNS servers'
    try {
      const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 })
      if (servers.length > 0) resolver.setServers([...servers])
      const found = await resolver.resolve4(name)
      if (found.every((address) => address === ours))
        return { ...about, kind: 'ours', sentence: `It leads to ${ours}.` }
      const told = found.slice(0, 4).join(', ')
      const some = found.some((address) => address === ours) ? 'also ' : ''
      return { ...about, kind: 'other', sentence: `It leads ${some}to ${told}, and phones reach us at ${ours}.` }
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (code === 'ENOTFOUND' || code === 'ENODATA') {
        return {
          ...about,
          kind: 'none',
          sentence: `${asked} know no such name. Only phones without DHCP options need it.`,
        }
      }
      return {
        ...about,
        kind: 'failed',
        sentence: `${asked} did not answer (${code.slice(0, 40)}).`,
      }
    }
  }
}
