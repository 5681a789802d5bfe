// SPDX-License-Identifier: Apache-2.0
import { listViewResponse, pagedResponse, readSearchControls, type SearchControls, sortResponse } from './controls.ts'
import { type Dn, parseDn } from './dn.ts'
import type { EncodedEntries } from './encoded-entries.ts'
import { type Condition, compile, evaluate } from './filter.ts'
import type { LdapLimits } from './limits.ts'
import { type Control, RESULT, type SearchRequest } from './messages.ts'
import type { DirectoryView, LdapEntry } from './port.ts'
import { type Reply, result } from './reply.ts'
import { selector } from './selection.ts'
import type { SortedLists } from './sorted-lists.ts'
import { type Key, orderOf, positionOf, type Row, rowOf, sortInStrides } from './sorting.ts'

/** What an operation makes: an answer to send, entries to send, or a moment at which others may have their turn. */
export type Step = Reply | Found | 'pause'

/** Entries as `EncodedEntries` made them: many at once, as each step costs. */
export interface Found {
  readonly entries: readonly Uint8Array[]
}

/** What the searches of one connection share. */
export interface SearchRoom {
  /** Undefined when this asker may see nothing but the server's own entries. */
  readonly view: DirectoryView | undefined
  /** The root DSE and the subschema. */
  own(name: Dn): LdapEntry | undefined
  readonly limits: LdapLimits
  /** Milliseconds that only grow. */
  readonly now: () => number
  readonly lists: SortedLists
  readonly encoded: EncodedEntries
  /** The one search of this connection whose pages are being fetched. */
  page: Page | undefined
}

interface Page {
  readonly cookie: string
  /** Entries sent on all pages so far. */
  readonly sent: number
  /** Undefined for a sorted search, which begins anew behind the entries sent. */
  readonly entries: Matches | undefined
}

/** Entries that match, and a breath now and then. */
type Matches = Iterator<LdapEntry | undefined, void>

/** How giving out entries came to its end; `next` is one too many. */
type End = { readonly kind: 'all' | 'late' } | { readonly kind: 'more'; readonly next: LdapEntry }

/** Entries tried between two breaths. */
const TRIES = 64
/** Bytes of entries that are sent together. */
const PORTION = 32_768

/** Answers one search [RFC4511 §4.5]. Throws MalformedPacket for controls that cannot be read. */
export function* search(request: SearchRequest, controls: readonly Control[], room: SearchRoom): Generator<Step> {
  const asked = readSearchControls(controls)
  if (asked.view && !asked.sort) return yield done(RESULT.sortControlMissing, 'a list view needs the sort control')
  const base = parseDn(request.base)
  if (!base) return yield done(RESULT.invalidDNSyntax, 'the base is no distinguished name')
  const search = new Search(request, base, asked, room)
  const order = asked.sort && orderOf(asked.sort.keys)
  if (order?.kind === 'order') return yield* search.sorted(order.keys)
  const sortRefused = order && [sortResponse(order.code, order.attribute)]
  if (asked.sort?.critical) {
    return yield done(RESULT.unavailableCriticalExtension, 'cannot sort by this', sortRefused)
  }
  return yield* asked.paged ? search.page(undefined, sortRefused) : search.plain(sortRefused)
}

class Search {
  readonly #request: SearchRequest
  readonly #base: Dn
  readonly #condition: Condition
  readonly #asked: SearchControls
  readonly #room: SearchRoom
  readonly #encode: (entry: LdapEntry) => Uint8Array
  readonly #deadline: number

  constructor(request: SearchRequest, base: Dn, asked: SearchControls, room: SearchRoom) {
    this.#request = request
    this.#base = base
    this.#condition = compile(request.filter)
    this.#asked = asked
    this.#room = room
    const { attributes, typesOnly } = request
    const kind = JSON.stringify([typesOnly, attributes])
    this.#encode = room.encoded.encoder(kind, () => selector(attributes, typesOnly))
    const most = room.limits.searchMs
    this.#deadline = room.now() + Math.min(request.timeLimit === 0 ? most : request.timeLimit * 1_000, most)
  }

  /** All that match, in the directory's own order. */
  *plain(controls: readonly Control[] = []): Generator<Step> {
    const matches = this.#matches()
    if ('op' in matches) return yield matches
    yield this.#last(yield* this.#give(matches, this.#most()), controls)
  }

  /** The next page [RFC2696 §3], of a sorted list or of whatever the directory's order is. */
  *page(list: readonly LdapEntry[] | undefined, controls: readonly Control[] = []): Generator<Step> {
    const { size = 0, cookie = '' } = this.#asked.paged ?? {}
    const open = this.#room.page
    this.#room.page = undefined
    if (cookie !== '' && open?.cookie !== cookie) {
      return yield done(RESULT.unwillingToPerform, 'the cookie is not valid')
    }
    const sent = cookie === '' || !open ? 0 : open.sent
    const matches = list ? list.slice(sent).values() : sent > 0 && open?.entries ? open.entries : this.#matches()
    if ('op' in matches) return yield matches
    if (size === 0) return yield done(RESULT.success, '', [...controls, pagedResponse('')])

    const left = (this.#request.sizeLimit || Number.POSITIVE_INFINITY) - sent
    const most = Math.min(size, this.#room.limits.entries)
    const end = yield* this.#give(matches, Math.min(most, left))
    if (end.kind !== 'more' || left <= most) return yield this.#last(end, [...controls, pagedResponse('')])
    const next = {
      cookie: `${sent + most}`,
      sent: sent + most,
      entries: list ? undefined : following(end.next, matches),
    }
    this.#room.page = next
    yield done(RESULT.success, '', [...controls, pagedResponse(next.cookie)])
  }

  /** In the order asked for [RFC2891]: all, a page, or the window of a list view. */
  *sorted(keys: readonly Key[]): Generator<Step> {
    const list = yield* this.#sortedList(keys)
    if ('op' in list) return yield list
    const controls = [sortResponse(RESULT.success)]
    if (this.#asked.view) yield* this.#window(list, keys, controls)
    else if (this.#asked.paged) yield* this.page(list, controls)
    else yield this.#last(yield* this.#give(list.values(), this.#most()), controls)
  }

  /** The entries around a target, by its place or by the value typed so far (VLV draft §6). */
  *#window(list: readonly LdapEntry[], keys: readonly Key[], controls: readonly Control[]): Generator<Step> {
    const { before = 0, after = 0, target = { offset: 1, count: 0 } } = this.#asked.view ?? {}
    const count = list.length
    const at = 'value' in target ? positionOf(target.value, list, keys) : place(target, count) - 1
    const first = Math.max(0, at - before)
    const end = yield* this.#give(list.slice(first, at + after + 1).values(), this.#most())
    yield this.#last(end, [...controls, listViewResponse({ position: at + 1, count, code: RESULT.success })])
  }

  /** Sorted afresh, or as it was sorted for the window before; or the reply that says why not. */
  *#sortedList(keys: readonly Key[]): Generator<Step, readonly LdapEntry[] | Reply> {
    const { lists, limits, view } = this.#room
    const { base, scope } = this.#request
    const revision = view?.revision ?? 0
    const question = JSON.stringify([view?.sight, base, scope, this.#condition, keys])
    const known = lists.find(question, revision)
    if (known) return known
    if (!lists.enter()) return done(RESULT.busy, 'too many lists are being sorted')
    try {
      const matches = this.#matches()
      if ('op' in matches) return matches
      const rows: Row[] = []
      for (let step = matches.next(); !step.done; step = matches.next()) {
        if (step.value) rows.push(rowOf(step.value, keys))
        else if (yield* this.#pauseIsLate()) return done(RESULT.timeLimitExceeded)
        if (rows.length > limits.sortedEntries) return done(RESULT.adminLimitExceeded, 'too many entries to sort')
      }
      const sorting = sortInStrides(rows, keys)
      let step = sorting.next()
      for (; !step.done; step = sorting.next()) {
        if (yield* this.#pauseIsLate()) return done(RESULT.timeLimitExceeded)
      }
      const entries = step.value.map(({ entry }) => entry)
      lists.keep(question, revision, entries)
      return entries
    } finally {
      lists.leave()
    }
  }

  /** What matches, or the reply when there is no such base or it may not be seen. */
  #matches(): Matches | Reply {
    const { view } = this.#room
    const { scope } = this.#request
    const own = this.#room.own(this.#base)
    if (own && (scope === 'base' || this.#base.length > 0)) {
      return matching(scope === 'base' || scope === 'sub' ? [own] : [], this.#condition)
    }
    if (!view) return done(RESULT.insufficientAccessRights, 'bind first')
    const candidates = view.search({ base: this.#base, scope, condition: this.#condition })
    return candidates ? matching(candidates, this.#condition) : done(RESULT.noSuchObject)
  }

  *#give(matches: Matches, most: number): Generator<Step, End> {
    let entries: Uint8Array[] = []
    let [given, bytes] = [0, 0]
    for (let step = matches.next(); !step.done; step = matches.next()) {
      const entry = step.value
      if (entry) {
        if (given === most) {
          yield { entries }
          return { kind: 'more', next: entry }
        }
        const encoded = this.#encode(entry)
        entries.push(encoded)
        bytes += encoded.byteLength
        given++
      }
      if (entry && entries.length < TRIES && bytes < PORTION) continue
      yield { entries }
      entries = []
      bytes = 0
      if (yield* this.#pauseIsLate()) return { kind: 'late' }
    }
    yield { entries }
    return { kind: 'all' }
  }

  *#pauseIsLate(): Generator<Step, boolean> {
    yield 'pause'
    return this.#room.now() > this.#deadline
  }

  #most(): number {
    return Math.min(this.#request.sizeLimit || Number.POSITIVE_INFINITY, this.#room.limits.entries)
  }

  /** What was found until a limit was reached has been sent already [RFC4511 §4.5.1.4–5]. */
  #last(end: End, controls: readonly Control[]): Reply {
    if (end.kind === 'all') return done(RESULT.success, '', controls)
    return done(end.kind === 'more' ? RESULT.sizeLimitExceeded : RESULT.timeLimitExceeded, '', controls)
  }
}

function* matching(
  candidates: Iterable<LdapEntry | undefined>,
  condition: Condition,
): Generator<LdapEntry | undefined> {
  let tries = 0
  for (const entry of candidates) {
    if (entry && evaluate(condition, entry.attributes) === true) yield entry
    else if (!entry || ++tries % TRIES === 0) yield undefined
  }
}

function* following(first: LdapEntry, rest: Matches): Generator<LdapEntry | undefined> {
  yield first
  for (let step = rest.next(); !step.done; step = rest.next()) yield step.value
}

/** The client's offset in a list of the length it believes in, scaled to ours (VLV draft §6.2); at least 1. */
function place({ offset, count }: { offset: number; count: number }, ours: number): number {
  const scaled = count === 0 || count === ours ? offset : Math.round((offset * ours) / count)
  return Math.max(1, Math.min(scaled, ours))
}

function done(code: number, message = '', controls?: readonly Control[]): Reply {
  return { op: { kind: 'searchDone', result: result(code, message) }, ...(controls && { controls }) }
}
