// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:net'
import { loadConfig } from '#config/load'
import type { Config } from '#config/schema'

/** Where the virtual phones of a rehearsal live; the relay is their first address. */
export const REHEARSAL_RELAY = '127.98.0.1'

/** Tables whose records make a daemon tell others something: a copy must not act. */
export const ACTING_TABLES: ReadonlySet<string> = new Set([
  ...['commands', 'jobs', 'jobTargets', 'logCollections', 'destinations', 'forwardCursors', 'toldAlarms'],
  ...['rollouts', 'rolloutTargets', 'rolloutSteps', 'backupRuns'],
])

/**
 * The configuration of a copy that must reach nobody but itself: loopback, free ports, and of the restored one only what
 * decides about addresses, files and names. Everything else is as if it was not set, so what is added to the product
 * later stays silent, too. Throws ConfigError when the restored one cannot be read.
 */
export async function rehearsalConfig(dataFolder: string, text: string | undefined): Promise<Config> {
  const restored = loadConfig(text ?? '', 'the restored configuration', {})
  const ports = { http: await freePort(), tftp: 0 }
  const own = loadConfig(
    `server: { address: 127.0.0.1 }
web: { listen: "127.0.0.1:0" }
http: { listen: ["127.0.0.1:${ports.http}"] }
tftp: { listen: "127.0.0.1:${ports.tftp}" }
ldap: { enabled: ${restored.ldap.enabled}, listen: "127.0.0.1:0", baseDn: ${JSON.stringify(restored.ldap.baseDn)} }
fleet: { zeroTouch: true, keepAliveMinutes: 1 }
backup: { enabled: false }
dhcp:
  mode: server
  listen: 127.0.0.1:0
  subnets:
    - { name: rehearsal, cidr: 127.98.0.0/16, pools: [127.98.1.1-127.98.250.254], routers: [${REHEARSAL_RELAY}] }
`,
    'the configuration of a rehearsal',
    {},
  )
  const { mode, listen, subnets } = own.dhcp
  const kept = restored.dhcp.subnets.filter(({ name }) => name !== 'rehearsal')
  return {
    ...own,
    data: { folder: dataFolder },
    fleet: { ...restored.fleet, ...own.fleet, approve: [] },
    dhcp: {
      ...restored.dhcp,
      ...{ mode, listen },
      subnets: [...subnets, ...kept.map((subnet) => ({ ...subnet, serverAddress: subnet.serverAddress ?? LOOPBACK }))],
    },
  }
}

const LOOPBACK = '127.0.0.1' as NonNullable<Config['server']['address']>

/** Phones are told the port in a URL before it is bound, so it must be known; nobody else takes it in this moment. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, LOOPBACK, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
