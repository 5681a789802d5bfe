// SPDX-License-Identifier: Apache-2.0
import { callDaemon } from '#daemon/cli/local-api'
import { writeCsv } from '#daemon/domain/directory-csv'
import { Tree } from '#daemon/services/directory/tree'
import type { Filter } from '#protocols/ldap/filter'
import type { SearchRequest } from '#protocols/ldap/messages'
import { toLdif } from '#test/protocols/ldap/ldif'
import { contact, person } from '#test/protocols/ldap/people'
import { type Slapd, startSlapd } from '#test/protocols/ldap/slapd'
import { DaemonHome, LOOPBACK } from '#test/support/daemon'
import { here } from '#test/support/process'
import { cost, limit, type Metric, median, progress, rate, report } from './frame.ts'
import { type Load, load, type Rival } from './ldap-load.ts'

const SUFFIX = 'dc=example,dc=com'
const ROUNDS = 5
const ROUND_MS = 1_500
const NAMES = ['sn', 'givenName', 'displayName']
const NUMBERS = ['telephoneNumber', 'mobile', 'homePhone', 'facsimileTelephoneNumber', 'ipPhone', 'pager']

/** What the directory alone costs, in a process of its own. */
interface Footprint {
  readonly residentBytes: { readonly store: number; readonly directory: number }
  readonly updateMs: number
}

/**
 * The built daemon in its default configuration with every server on, and OpenLDAP's slapd (mdb, indexed), on the same
 * entries, in turns: what a phone asks while one types. Memory is measured of the directory alone.
 */
async function bench(sizes: readonly number[]): Promise<Metric[]> {
  const metrics: Metric[] = []
  for (const entries of sizes) metrics.push(...(await benchDirectory(entries)), ...(await footprint(entries)))
  return metrics
}

async function benchDirectory(entries: number): Promise<Metric[]> {
  const slapd = await startSlapd(SUFFIX, ldifOf(entries))
  let ours: (Rival & { close(): Promise<void> }) | undefined
  try {
    ours = await startDaemon(entries)
    const metrics: Metric[] = []
    for (const [kind, requests] of Object.entries(questions(entries))) {
      for (const connections of [1, 16]) {
        const name = `${entries} entries, ${kind}, ${connections} connections`
        metrics.push(...(await race(name, ours, slapd, requests, connections)))
      }
    }
    return metrics
  } finally {
    await ours?.close()
    await slapd.close()
  }
}

/** Rounds in turns, so that whatever else the machine does meets both; of each figure the median. */
async function race(
  name: string,
  ours: Rival,
  slapd: Slapd,
  requests: readonly SearchRequest[],
  connections: number,
): Promise<Metric[]> {
  const [mine, theirs]: [Load[], Load[]] = [[], []]
  for (let round = 0; round <= ROUNDS; round++) {
    const pair = [
      await load(ours, requests, connections, ROUND_MS),
      await load(slapd, requests, connections, ROUND_MS),
    ] as const
    if (round === 0) continue // both warm up
    mine.push(pair[0])
    theirs.push(pair[1])
  }
  const middle = (loads: readonly Load[], figure: (load: Load) => number) => median(loads.map(figure))
  const beside = (make: typeof rate, what: string, figure: (load: Load) => number): Metric =>
    make(`${name}: ${what}`, middle(mine, figure), 'slapd', middle(theirs, figure), 1)
  const slowest = ({ p99 }: Load) => p99
  progress(name)
  return [
    beside(rate, 'searches per processor second', ({ searches, cpuSeconds }) => searches / cpuSeconds),
    beside(rate, 'searches per second', ({ searches, seconds }) => searches / seconds),
    connections === 16 ? limit(`${name}: p99 ms`, middle(mine, slowest), 5) : beside(cost, 'p99 ms', slowest),
  ]
}

/** Among few entries the process itself weighs more than they do: memory is judged by many. */
async function footprint(entries: number): Promise<Metric[]> {
  const { residentBytes, updateMs } = await directoryAlone(entries)
  const update = limit(`${entries} entries: processor ms for a changed entry`, updateMs, 1)
  if (entries < 100_000) return [update]
  const megabytes = (residentBytes.directory / 1e6 / entries) * 100_000
  return [limit(`${entries} entries: resident MB per 100,000`, megabytes, 150), update]
}

/** What phones ask: two letters of a name for the first fifty, three letters, and a number being dialled. */
function questions(entries: number): Readonly<Record<string, readonly SearchRequest[]>> {
  const people = Array.from({ length: 200 }, (_, i) => person((i * 4_999) % entries))
  const names = (count: number) => people.map(({ sn }) => anyBegins(NAMES, String(sn).slice(0, count).toLowerCase()))
  return {
    'two letters (ab)': [search(anyBegins(NAMES, 'ab'))],
    'three random letters': names(3).map(search),
    'a number': people.map(({ telephoneNumber }) => search(anyBegins(NUMBERS, String(telephoneNumber).slice(0, 11)))),
  }
}

function anyBegins(attributes: readonly string[], initial: string): Filter {
  const filters = attributes.map((attribute) => {
    return { kind: 'substrings', attribute, initial, any: [], final: undefined } as const
  })
  return { kind: 'or', filters }
}

function search(filter: Filter): SearchRequest {
  const limits = { derefAliases: 0, sizeLimit: 50, timeLimit: 5, typesOnly: false }
  return { kind: 'search', base: SUFFIX, scope: 'sub', ...limits, filter, attributes: [] }
}

function ldifOf(entries: number): string {
  const tree = new Tree(SUFFIX)
  const people = Array.from({ length: entries }, (_, i) => tree.entry('contacts', `c${i}`, contact(i).attributes))
  return toLdif([...tree.containers, ...people])
}

/** Everything that the daemon can serve is on; its phonebook comes in as an admin would bring it in. */
async function startDaemon(entries: number): Promise<Rival & { close(): Promise<void> }> {
  const loopback = '127.0.0.1:0'
  const home = await DaemonHome.make({
    ...{ ...LOOPBACK, log: {}, sip: { enabled: true, listen: loopback } },
    ldap: { enabled: true, listen: loopback, baseDn: SUFFIX, anonymous: true },
  })
  try {
    const daemon = await home.start()
    await importInto(home.dataFolder, entries)
    return { port: daemon.endpoint('ldap').port, pid: daemon.pid, close: () => home.close() }
  } catch (error) {
    await home.close()
    throw error
  }
}

async function importInto(dataFolder: string, entries: number): Promise<void> {
  const people = Array.from({ length: entries }, (_, i) => {
    return { id: `c${i}`, region: '', dn: '', attributes: contact(i).attributes }
  })
  const signal = AbortSignal.timeout(120_000)
  const body = Buffer.from([...writeCsv(people)].join(''))
  const path = 'api/v1/directory/import?format=csv&source=bench'
  const response = await callDaemon(dataFolder, path, { method: 'POST', body, signal })
  const report = (await response.json()) as { added?: number }
  if (report.added !== entries) throw new Error(`the import ended with ${JSON.stringify(report).slice(0, 300)}`)
}

async function directoryAlone(entries: number): Promise<Footprint> {
  const input = Array.from({ length: entries }, (_, i) => `${JSON.stringify(contact(i))}\n`).join('')
  const running = here.start(process.execPath, ['--expose-gc', 'test/bench/ldap-daemon.mjs'], { input })
  const [line] = await running.output(/\{.*\}/, 120_000)
  running.kill('SIGTERM')
  await running.ended
  return JSON.parse(line) as Footprint
}

report('ldap', await bench([10_000, 100_000]))
