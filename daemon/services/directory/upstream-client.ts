// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Client, type Entry } from 'ldapts'
import { LONGEST_VALUE, MOST_VALUES, type PersonAttribute } from '#daemon/domain/directory'
import { Collector, type FilePerson, type Pause } from '#daemon/domain/directory-file'

/** Another directory, and how it is asked. */
export interface UpstreamSource {
  /** `ldap://host:port` or `ldaps://host:port`. */
  readonly url: string
  readonly startTls: boolean
  /** PEM; read anew for each connection. The machine's own authorities when undefined. */
  readonly caFile?: string
  /** Anonymous when undefined. */
  readonly account?: { readonly dn: string; readonly password: string }
  readonly base: string
  readonly filter: string
  /** What the other directory calls our attributes. */
  readonly attributes: Readonly<Partial<Record<PersonAttribute, string>>>
  readonly pageSize: number
  readonly timeoutSeconds: number
  /** A directory with more entries is not taken at all. */
  readonly maxEntries: number
}

export interface UpstreamContents {
  readonly people: readonly FilePerson[]
  /** Entries that stand on other servers, which are not asked. */
  readonly references: number
}

const CONNECT_MS = 10_000
/** What the other side may send in one run, and how often that is looked at. */
const MOST_BYTES = 512 * 2 ** 20
const LOOK_MS = 100
/** What stays the same when a person is renamed: of Active Directory, of most others, and of small ones. */
const KEYS = ['objectGUID', 'entryUUID', 'uid'] as const

/** Reads all entries, page by page. Rejects with a sentence that holds no secret; what was read before is nothing. */
export async function readUpstream(source: UpstreamSource, pause: Pause, stop: AbortSignal): Promise<UpstreamContents> {
  const ca = source.caFile === undefined ? undefined : await readFile(source.caFile)
  const { hostname, protocol } = new URL(source.url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const tls = { ...(ca && { ca }), ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }) }
  let socket: Socket | undefined
  const kept = <T extends Socket>(made: T): T => {
    socket = made
    return made
  }
  const client = new Client({
    url: source.url,
    ...{ connectTimeout: CONNECT_MS, timeout: source.timeoutSeconds * 1_000, strictDN: false },
    ...(protocol === 'ldaps:' && { tlsOptions: tls }), // its being there switches TLS on
    createConnection: ((port: number, at: string) => kept(connect(port, at))) as typeof connect,
    createSecureConnection: ((...given: Parameters<typeof connectTls>) =>
      kept(connectTls(...given))) as typeof connectTls,
  })
  let reason = ''
  const giveUp = (why: string) => {
    reason = why
    socket?.destroy(new Error(why))
  }
  const stopped = () => giveUp('it was stopped')
  stop.addEventListener('abort', stopped, { once: true })
  const late = setTimeout(() => giveUp(`it took longer than ${source.timeoutSeconds} s`), source.timeoutSeconds * 1_000)
  const watch = setInterval(() => {
    if ((socket?.bytesRead ?? 0) > MOST_BYTES) giveUp(`it sent more than ${MOST_BYTES / 2 ** 20} MB`)
  }, LOOK_MS)
  try {
    stop.throwIfAborted()
    if (source.startTls) await client.startTLS({ ...tls, host })
    if (source.account) await client.bind(source.account.dn, source.account.password)
    return await readPages(client, source, pause)
  } catch (error) {
    throw new Error(reason || sentenceOf(error, source))
  } finally {
    stop.removeEventListener('abort', stopped)
    clearTimeout(late)
    clearInterval(watch)
    await client.unbind().catch(() => {})
    socket?.destroy()
  }
}

async function readPages(client: Client, source: UpstreamSource, pause: Pause): Promise<UpstreamContents> {
  const wanted = Object.entries(source.attributes).filter(([, theirs]) => theirs !== '') as [PersonAttribute, string][]
  const pages = client.searchPaginated(source.base, {
    ...{ scope: 'sub', filter: source.filter, paged: { pageSize: source.pageSize } },
    ...{ attributes: [...KEYS, ...wanted.map(([, theirs]) => theirs)], explicitBufferAttributes: ['objectGUID'] },
  })
  const people: FilePerson[] = []
  let references = 0
  for await (const { searchEntries, searchReferences } of pages) {
    references += searchReferences.length
    for (const entry of searchEntries) people.push(personOf(entry, wanted, people.length + 1))
    if (people.length > source.maxEntries) throw new Error(`it has more than ${source.maxEntries} entries`)
    const wait = pause(people.length)
    if (wait) await wait
  }
  return { people, references }
}

/** `line` is the entry's place in the answer. */
function personOf(entry: Entry, wanted: readonly [PersonAttribute, string][], line: number): FilePerson {
  const values = new Map(Object.entries(entry).map(([name, value]) => [name.toLowerCase(), [value].flat()]))
  const collector = new Collector()
  for (const [ours, theirs] of wanted) {
    for (const value of (values.get(theirs.toLowerCase()) ?? []).slice(0, MOST_VALUES)) {
      const text = String(value)
      if (text.length <= LONGEST_VALUE) collector.add(ours, text)
    }
  }
  const key = KEYS.flatMap((name) => values.get(name.toLowerCase()) ?? [])[0]
  const named = Buffer.isBuffer(key) ? key.toString('hex') : key
  return { line, key: named ? String(named) : entry.dn, region: undefined, attributes: collector.done() }
}

/** What went wrong, for people: one line, and never the password. */
function sentenceOf(error: unknown, { account }: UpstreamSource): string {
  const text = error instanceof Error ? error.message : String(error)
  const hidden = account && account.password !== '' ? text.replaceAll(account.password, '…') : text
  return (
    hidden
      .replaceAll(/\p{Cc}+/gu, ' ')
      .trim()
      .slice(0, 300) || 'it failed without a word'
  )
}
