// SPDX-License-Identifier: Apache-2.0
import type { ParameterizedContext } from 'koa'
import type { Assets } from './assets.ts'
import type { FormGuard } from './auth/forms.ts'
import type { Session, Sessions } from './auth/sessions.ts'
import type { TimeFormat } from './format.ts'
import type { Flashes } from './kit/flash.ts'
import type { Tasks } from './kit/tasks.ts'
import type { UploadedFiles, Uploads } from './kit/upload.ts'
import type { Feed } from './live/feed.ts'
import type { Fragments } from './live/fragments.ts'
import type { WebPort } from './port.ts'
import type { Views } from './views.ts'

/** What middleware leaves for the pages. */
export interface WebState {
  /** Set on every route behind the gate, unless `local` is. */
  session?: Session
  /** Let in by the daemon's local token: a command on this machine, not a browser. */
  local?: boolean
  /** Of a form with files. */
  files?: UploadedFiles
  /** When the request's body must have come. */
  deadline?: NodeJS.Timeout
}

/** Koa's context with nothing untyped added to it. */
export type NoExtras = Record<never, never>
export type WebContext = ParameterizedContext<WebState, NoExtras>

/** What every page works with; made once in `createApp`. */
export interface Web {
  readonly port: WebPort
  readonly views: Views
  readonly assets: Assets
  readonly time: TimeFormat
  readonly sessions: Sessions
  readonly forms: FormGuard
  readonly uploads: Uploads
  readonly flashes: Flashes
  readonly tasks: Tasks
  readonly random: (bytes: number) => Uint8Array
  readonly fragments: Fragments
  readonly feed: Feed
  readonly onFault: (error: Error) => void
}

/** The session of a request behind the gate. */
export function sessionOf(ctx: WebContext): Session {
  const { session } = ctx.state
  if (!session) throw new Error(`${ctx.path} is not behind the gate`)
  return session
}

/** Who does it, for records of changes. */
export function actorOf(ctx: WebContext): string {
  return ctx.state.local ? 'command line' : sessionOf(ctx).account.name
}

/** A field of a submitted form as text; lists and nested objects (`name[]=…`) count as absent. */
export function formField(ctx: WebContext, name: string): string {
  const body: unknown = ctx.request.body
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return ''
  const value: unknown = (body as Record<string, unknown>)[name]
  return typeof value === 'string' ? value : ''
}

/** Every value of a field that a form may send more than once, such as checked boxes; at most 1,000. */
export function formList(ctx: WebContext, name: string): string[] {
  const body: unknown = ctx.request.body
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return []
  const value: unknown = (body as Record<string, unknown>)[name]
  const all: unknown[] = Array.isArray(value) ? value : [value]
  return all.filter((one) => typeof one === 'string').slice(0, 1_000)
}

/** The first value of a query parameter; empty when absent. */
export function queryText(ctx: WebContext, name: string): string {
  const value = ctx.query[name]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

/** The client's address without the IPv6 mapping of a dual-stack socket. */
export function clientAddress(ctx: WebContext): string {
  const address = ctx.req.socket.remoteAddress ?? ''
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
