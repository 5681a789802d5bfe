// SPDX-License-Identifier: Apache-2.0
import { Tree } from '#daemon/services/directory/tree'
import type { Filter } from '#protocols/ldap/filter'
import type { SearchRequest } from '#protocols/ldap/messages'
import { toLdif } from '#test/protocols/ldap/ldif'
import { contact, person } from '#test/protocols/ldap/people'
import { type Slapd, startSlapd } from '#test/protocols/ldap/slapd'
import { here } from '#test/support/process'
import { type Load, load, type Rival } from './ldap-load.ts'

export interface Metric {
  readonly name: string
  readonly ours: number
  readonly peer: number
  readonly peerName: string
  readonly ratio: number
  readonly aim: string
}

const SUFFIX = 'dc=example,dc=com'
const ROUNDS = 5
const ROUND_MS = 1_500
const NAMES = ['sn', 'givenName', 'displayName']
const NUMBERS = ['telephoneNumber', 'mobile', 'homePhone', 'facsimileTelephoneNumber', 'ipPhone', 'pager']

interface Ours extends Rival {
  readonly residentBytes: { readonly store: number; readonly directory: number }
  readonly updateMs: number
  close(): Promise<void>
}

/** Our directory (as built in `dist/`) and OpenLDAP's slapd (mdb, indexed) on the same entries, in turns: what a phone asks while one types. */
export async function bench(sizes: readonly number[] = [10_000, 100_000]): Promise<Metric[]> {
  const metrics: Metric[] = []
  for (const entries of sizes) metrics.push(...(await benchDirectory(entries)))
  return metrics
}

async function benchDirectory(entries: number): Promise<Metric[]> {
  const slapd = await startSlapd(SUFFIX, ldifOf(entries))
  let ours: Ours | undefined
  try {
    ours = await startOurs(entries)
    const metrics: Metric[] = []
    for (const [kind, requests] of Object.entries(questions(entries))) {
      for (const connections of [1, 16]) {
        metrics.push(
          ...(await race(
            `${entries} entries, ${kind}, ${connections} connections`,
            ours,
            slapd,
            requests,
            connections,
          )),
        )
      }
    }
    return [...metrics, ...footprint(entries, ours)]
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
  const compare = (what: string, aim: string, figure: (load: Load) => number): Metric => {
    const [us, them] = [median(mine.map(figure)), median(theirs.map(figure))]
    return { name: `${name}: ${what}`, ours: us, peer: them, peerName: 'slapd', ratio: us / them, aim }
  }
  return [
    compare('searches per processor second', '≥1.0 × slapd', ({ searches, cpuSeconds }) => searches / cpuSeconds),
    compare('searches per second', 'for information', ({ searches, seconds }) => searches / seconds),
    compare('p99 ms', connections === 16 ? '<5 ms' : 'for information', ({ p99 }) => p99),
    compare('entries per search', 'equal', ({ entries, searches }) => entries / searches),
  ]
}

function footprint(entries: number, { residentBytes, updateMs }: Ours): Metric[] {
  const alone = (name: string, ours: number, aim: string): Metric => {
    return { name: `${entries} entries: ${name}`, ours, peer: Number.NaN, peerName: 'none', ratio: Number.NaN, aim }
  }
  const perHundredThousand = (bytes: number) => (bytes / 1e6 / entries) * 100_000
  return [
    alone('extra resident MB per 100,000, directory', perHundredThousand(residentBytes.directory), '≤150 MB'),
    alone('extra resident MB per 100,000, store', perHundredThousand(residentBytes.store), 'for information'),
    alone('processor ms for a changed entry, store included', updateMs, '<1 ms'),
  ]
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

async function startOurs(entries: number): Promise<Ours> {
  const input = Array.from({ length: entries }, (_, i) => `${JSON.stringify(contact(i))}\n`).join('')
  const running = here.start(process.execPath, ['--expose-gc', 'test/bench/ldap-daemon.mjs'], { input })
  const [line] = await running.output(/\{.*\}/, 120_000)
  const close = async () => {
    running.kill('SIGTERM')
    await running.ended
  }
  return { ...(JSON.parse(line) as Omit<Ours, 'pid' | 'close'>), pid: running.pid, close }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
