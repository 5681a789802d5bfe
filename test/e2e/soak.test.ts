// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { runFleet } from '#daemon/simulator/fleet'
import type { Ipv4 } from '#protocols/lib/ipv4'
import { DaemonHome, LOOPBACK } from '#test/support/daemon'

/** `npm run proof -- soak` sets the long ones. */
const PHONES = Number(process.env.OFFHOOK_SOAK_PHONES ?? 60)
const SECONDS = Number(process.env.OFFHOOK_SOAK_SECONDS ?? 10)
/** Milliseconds of a phone's minute: a phone reports each of them. */
const MINUTE = 2_000
/** Megabytes that memory may still grow after the first third; garbage is collected when it pays. */
const ROOM = 40

/** Resident memory in megabytes. */
async function memory(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

test(
  `${PHONES} phones that boot, stay and report for ${SECONDS} s leave memory flat and no phone behind`,
  async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    server.close()
    const port = typeof address === 'object' && address ? address.port : 0
    const pools = ['127.99.1.1-127.99.250.254']
    const home = await DaemonHome.make({
      ...LOOPBACK,
      http: { listen: [`127.0.0.1:${port}`] },
      dhcp: { ...(LOOPBACK.dhcp as object), subnets: [{ name: 'loopback', cidr: '127.99.0.0/16', pools }] },
      fleet: { zeroTouch: true, keepAliveMinutes: 1 },
      log: { level: 'info' },
    })
    onTestFinished(() => home.close())
    const daemon = await home.start()
    const end = new AbortController()
    const order = {
      ...{ phones: PHONES, dhcpPort: daemon.endpoint('dhcp').port, relayAddress: '127.99.0.1' as Ipv4 },
      ...{ rate: 100, stay: true, minute: MINUTE, seed: 5 },
    }
    const fleet = runFleet(order, { signal: end.signal })
    const samples: number[] = []
    const began = performance.now()
    while (performance.now() - began < SECONDS * 1_000) {
      await delay((SECONDS * 1_000) / 60)
      samples.push(await memory(daemon.pid))
    }
    const registered = await daemon.metric('offhook_phones', { presence: 'registered' })
    const reports = await daemon.metric('offhook_exchanges_total', { protocol: 'keepalive', ending: 'reply' })
    const faults = await daemon.metric('offhook_exchanges_total', { ending: 'fault' })
    end.abort()
    const { booted } = await fleet
    const mean = (part: readonly number[]) => part.reduce((sum, one) => sum + one, 0) / part.length
    const third = Math.floor(samples.length / 3)
    const [early, late] = [mean(samples.slice(third, 2 * third)), mean(samples.slice(2 * third))]
    console.log(`soak: ${booted} booted, ${reports} reports, memory ${early.toFixed(0)} MB, then ${late.toFixed(0)} MB`)
    expect({ booted, registered, faults }).toEqual({ booted: PHONES, registered: PHONES, faults: 0 })
    expect(reports).toBeGreaterThan(PHONES * Math.max(1, Math.floor((SECONDS * 1_000) / MINUTE / 3)))
    expect(late).toBeLessThan(Math.max(early * 1.1, early + ROOM))
    await daemon.stop()
  },
  SECONDS * 1_000 + 120_000,
)
