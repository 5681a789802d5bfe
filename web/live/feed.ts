// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'
import { type Fragments, phoneOf, renderKey, type Wanted } from './fragments.ts'
import { type EventStream, eventFrame } from './stream.ts'

/** All in milliseconds, but for the number of clients. */
export interface FeedLimits {
  /** Changes within this time go out together: at most four events a second to each client. */
  readonly burst: number
  /** Everything on show is made anew this often, for what changes by the clock or without a notice. */
  readonly tick: number
  /** A comment this often keeps proxies from closing a quiet stream, and finds sessions that ended. */
  readonly heartbeat: number
  readonly clients: number
}

/** Where changes come from: of a phone, or of something else when no MAC is given. */
export interface Source {
  follow(listener: (mac?: Mac) => void): () => void
}

export const FEED_LIMITS: FeedLimits = { burst: 250, tick: 5000, heartbeat: 15_000, clients: 500 }

interface Client {
  readonly stream: EventStream
  /** False once its session is over. */
  readonly allowed: () => boolean
  /** Blocked at the last heartbeat already. */
  stuck: boolean
}

/** All clients that look at the same thing. They share each frame, so 200 open dashboards cost as much as one. */
interface Channel {
  readonly wanted: Wanted
  readonly clients: Set<Client>
}

const HEARTBEAT = Buffer.from(':\n\n')
const SIGNED_OUT = eventFrame('signed-out', null)

/** Keeps open pages up to date: renders each changed fragment once per burst of changes and sends it to all. */
export class Feed {
  readonly #sources: readonly Source[]
  readonly #fragments: Fragments
  readonly #onFault: (error: Error) => void
  readonly #limits: FeedLimits
  readonly #channels = new Map<string, Channel>()
  /** What clients show now, by key. */
  readonly #shown = new Map<string, string>()
  readonly #dirty = new Set<string>()
  /** Keys by the phone they are about; those about the fleet under undefined. */
  readonly #keys = new Map<Mac | undefined, Set<string>>()
  #size = 0
  #closed = false
  #burst: NodeJS.Timeout | undefined
  #rest: (() => void) | undefined

  constructor(sources: readonly Source[], fragments: Fragments, onFault: (error: Error) => void, limits = FEED_LIMITS) {
    this.#sources = sources
    this.#fragments = fragments
    this.#onFault = onFault
    this.#limits = limits
  }

  get full(): boolean {
    return this.#closed || this.#size >= this.#limits.clients
  }

  get size(): number {
    return this.#size
  }

  /** Begins with the whole present state, so that nothing is lost between a page and its stream. */
  join(wanted: Wanted, stream: (catchUp: () => Buffer | undefined) => EventStream, allowed: () => boolean): void {
    const channel = this.#channel(wanted)
    const client: Client = { stream: stream(() => this.#frame(channel.wanted)), allowed, stuck: false }
    channel.clients.add(client)
    this.#size++
    client.stream.onClose(() => this.#leave(channel, client))
    this.#rest ??= this.#work()
    const frame = this.#frame(wanted)
    if (frame) client.stream.send(frame)
  }

  /** Ends the streams whose session is over: after a sign-out at once, else with the heartbeat. */
  sweep(): void {
    for (const { clients } of this.#channels.values()) {
      for (const client of clients) if (!client.allowed()) client.stream.end(SIGNED_OUT)
    }
  }

  /** What this key names has changed. */
  touch(key: string): void {
    if (!this.#shown.has(key)) return
    this.#dirty.add(key)
    this.#burst ??= setTimeout(() => this.#flush(), this.#limits.burst)
  }

  close(): void {
    this.#closed = true
    for (const { clients } of this.#channels.values()) for (const { stream } of clients) stream.end()
    this.#rest?.()
    this.#rest = undefined
  }

  /** Follows the sources and the clock while anybody looks; returns the way to stop. */
  #work(): () => void {
    const unfollow = this.#sources.map((source) => source.follow((mac) => this.#changed(mac)))
    const tick = setInterval(() => {
      for (const key of this.#shown.keys()) this.#dirty.add(key)
      this.#flush()
    }, this.#limits.tick)
    const heartbeat = setInterval(() => this.#beat(), this.#limits.heartbeat)
    return () => {
      for (const stop of unfollow) stop()
      clearInterval(tick)
      clearInterval(heartbeat)
      clearTimeout(this.#burst)
      this.#burst = undefined
    }
  }

  #changed(mac: Mac | undefined): void {
    for (const key of this.#keys.get(undefined) ?? []) this.#dirty.add(key)
    if (mac) for (const key of this.#keys.get(mac) ?? []) this.#dirty.add(key)
    if (this.#dirty.size > 0) this.#burst ??= setTimeout(() => this.#flush(), this.#limits.burst)
  }

  #flush(): void {
    clearTimeout(this.#burst)
    this.#burst = undefined
    const changed = new Set<string>()
    for (const key of this.#dirty) {
      const html = this.#render(key)
      if (html === undefined || html === this.#shown.get(key)) continue
      this.#shown.set(key, html)
      changed.add(key)
    }
    this.#dirty.clear()
    if (changed.size === 0) return
    for (const { wanted, clients } of this.#channels.values()) {
      const frame = this.#frame(wanted.filter((key) => changed.has(key)))
      if (frame) for (const { stream } of clients) stream.send(frame)
    }
  }

  #beat(): void {
    this.sweep()
    for (const { clients } of this.#channels.values()) {
      for (const client of clients) {
        if (client.stuck && client.stream.blocked) client.stream.destroy()
        client.stuck = client.stream.blocked
        if (!client.stuck) client.stream.send(HEARTBEAT)
      }
    }
  }

  #frame(keys: Wanted): Buffer | undefined {
    const fragments = keys.map((key) => this.#shown.get(key) ?? '').filter((html) => html !== '')
    return fragments.length === 0 ? undefined : eventFrame('swap', fragments)
  }

  #channel(wanted: Wanted): Channel {
    const name = wanted.join()
    const known = this.#channels.get(name)
    if (known) return known
    const channel: Channel = { wanted, clients: new Set() }
    this.#channels.set(name, channel)
    for (const key of wanted) {
      if (!this.#shown.has(key)) this.#shown.set(key, this.#render(key) ?? '')
      const about = phoneOf(key)
      const keys = this.#keys.get(about)
      if (keys) keys.add(key)
      else this.#keys.set(about, new Set([key]))
    }
    return channel
  }

  #leave(channel: Channel, client: Client): void {
    if (!channel.clients.delete(client)) return
    this.#size--
    if (channel.clients.size > 0) return
    this.#channels.delete(channel.wanted.join())
    const wanted = new Set([...this.#channels.values()].flatMap((other) => other.wanted))
    for (const key of channel.wanted) if (!wanted.has(key)) this.#forget(key)
    if (this.#size > 0) return
    this.#rest?.()
    this.#rest = undefined
  }

  #forget(key: string): void {
    this.#shown.delete(key)
    this.#dirty.delete(key)
    const about = phoneOf(key)
    const keys = this.#keys.get(about)
    keys?.delete(key)
    if (keys?.size === 0) this.#keys.delete(about)
  }

  #render(key: string): string | undefined {
    try {
      return renderKey(this.#fragments, key)
    } catch (error) {
      this.#onFault(error instanceof Error ? error : new Error(String(error)))
      return undefined
    }
  }
}
