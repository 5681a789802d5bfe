// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { type ConfigTree, type Daemon, DaemonHome, LOOPBACK, MAIN } from '#test/support/daemon'
import { here, placeBehind } from '#test/support/process'
import { Visitor } from '#test/web/client'
import { fillCompany } from './company.ts'
import { HEAP, limit, type Metric, progress, quantile, report } from './frame.ts'
import { peakMegabytes, residentMegabytes } from './process-cost.ts'

/*
 * A whole company boots at once: 10,000 virtual phones ask DHCP, fetch their files, and report. And a large one is known:
 * the daemon starts with 100,000 phones, their users and leases in its store.
 */
const STORM = 10_000
const KNOWN = 100_000
const VIEWS = 200
const LIMITS = { seconds: 120, stormMegabytes: 400, startSeconds: 6, knownMegabytes: 900, viewMs: 50 }

const AS_INSTALLED = placeBehind('env', HEAP)

/** Phones are told URLs with these ports, so that they cannot be just any. */
const OFFICE: ConfigTree = {
  ...LOOPBACK,
  http: { listen: ['127.0.0.1:18180', '127.0.0.1:18181'] },
  dhcp: {
    mode: 'server',
    listen: '127.0.0.1:0',
    subnets: [{ name: 'storm', cidr: '127.99.0.0/16', pools: ['127.99.1.1-127.99.60.250'], leaseSeconds: 3600 }],
  },
  log: { level: 'info' },
}

async function storm(): Promise<Metric[]> {
  const home = await DaemonHome.make(OFFICE)
  try {
    const daemon = await home.start(AS_INSTALLED)
    const { port } = daemon.endpoint('dhcp')
    const args = [
      MAIN,
      'simulate',
      String(STORM),
      '--mode',
      'storm',
      '--dhcp-port',
      String(port),
      '--json',
      '--no-firmware',
    ]
    const since = performance.now()
    const { stdout } = await here.run(process.execPath, args, { timeoutMs: 300_000 })
    const seconds = (performance.now() - since) / 1000
    const { booted, failed } = JSON.parse(stdout) as { readonly booted: number; readonly failed: number }
    progress(`${booted} phones booted and ${failed} failed in ${seconds.toFixed(1)} s`)
    if (booted !== STORM) throw new Error(`${STORM - booted} phones did not boot`)
    return [
      limit(`boot storm of ${STORM} phones, s`, seconds, LIMITS.seconds),
      limit('peak RSS in it, MB', peakMegabytes(daemon.pid), LIMITS.stormMegabytes),
    ]
  } finally {
    await home.close()
  }
}

async function known(): Promise<Metric[]> {
  const home = await DaemonHome.make(LOOPBACK)
  try {
    await fillCompany(join(home.dataFolder, 'store'), KNOWN)
    const since = performance.now()
    const daemon = await home.start(AS_INSTALLED)
    const seconds = (performance.now() - since) / 1000
    const views = await viewTimes(daemon)
    progress(`started in ${seconds.toFixed(1)} s; the dashboard takes ${quantile(views, 0.5).toFixed(1)} ms at p50`)
    return [
      limit(`start with ${KNOWN} phones, s`, seconds, LIMITS.startSeconds),
      limit(`RSS with ${KNOWN} phones, MB`, residentMegabytes(daemon.pid), LIMITS.knownMegabytes),
      limit('dashboard p99, ms', quantile(views, 0.99), LIMITS.viewMs),
    ]
  } finally {
    await home.close()
  }
}

/** Milliseconds of the dashboard, one view after the other, as a browser asks for it. */
async function viewTimes(daemon: Daemon): Promise<number[]> {
  const visitor = new Visitor({ url: daemon.url.replace(/\/$/, '') })
  const current = await daemon.oneTimePassword()
  await visitor.submit('/sign-in', '/sign-in', { name: 'admin', password: current })
  const next = 'correct horse battery'
  await visitor.submit('/password', '/password', { current, next, repeat: next })
  const times: number[] = []
  for (let n = 0; n < VIEWS; n++) {
    const since = performance.now()
    await visitor.page('/')
    times.push(performance.now() - since)
  }
  return times
}

report('storm', [...(await storm()), ...(await known())])
