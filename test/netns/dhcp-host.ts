// SPDX-License-Identifier: Apache-2.0
import { completePlan } from '#daemon/domain/dhcp/ready-made'
import { Addressing } from '#daemon/services/addressing/addressing'
import { LevelStore } from '#daemon/store/level-store'
import { identify } from '#daemon/vendors/audiocodes/identify'
import { DhcpServer } from '#protocols/dhcp/server'
import { subnet } from '#test/domain/subnets'

/**
 * The DHCP server alone, from source. Prints one line of JSON for each query, which the daemon's log does not hold, and
 * for each exchange. Arguments: the store's folder, the address to listen on.
 */
async function main(folder = '', address = ''): Promise<void> {
  const store = new LevelStore({ folder })
  await store.open()
  const subnets = [subnet('10.99.0.0/24', '10.99.0.100', '10.99.0.199', { leaseSeconds: 60 })]
  const addressing = new Addressing({ store, plan: completePlan({ subnets }), identify, now: Date.now })
  addressing.start()
  const server = new DhcpServer({
    listen: { address, port: 67 },
    observe: print,
    port: {
      leaseFor(query) {
        print({ kind: query.kind, address: query.address, peer: query.peer.address })
        return addressing.leaseFor(query)
      },
    },
  })
  await server.start(new AbortController().signal)
  print({ serving: address })
  process.once('SIGTERM', async () => {
    await server.stop()
    await store.close()
  })
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

await main(...process.argv.slice(2))
