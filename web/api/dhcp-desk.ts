// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { conditionText, sentences } from '#daemon/domain/dhcp/sentences'
import { type Ipv4, parseIpv4 } from '#protocols/lib/ipv4'
import { type NoExtras, queryText, type WebContext, type WebState } from '#web/context'
import { fileBody } from '#web/http/body'
import { Problem } from '#web/http/problem'
import { LARGEST_LEASE_FILE, sendLeaseFile } from '#web/pages/dhcp/lease-files'
import { messageOf } from '#web/pages/dhcp/tester'
import { type DhcpDesk, EXPORT_SERVERS, IMPORT_FILES, LEASE_STATES } from '#web/ports/dhcp'
import { flag } from './parameters.ts'

const MOST_ROWS = 1_000

/**
 * `/api/v1/dhcp`: `GET /` overview, `/subnets/<name>`, `/classes`, `/leases`, `/leases/<address>`, `/lease-file/<kind>`,
 * `/servers/<server>`; `POST /leases/<address>/release`, `DELETE /leases/<address>`, `POST /test`. Times are
 * milliseconds since the epoch. `POST /leases/import?kind=json|kea|isc[&dryRun]` takes a file as it is in its body.
 */
export function dhcpDeskApiRoutes(desk: DhcpDesk): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/dhcp' })
  router.get('/', (ctx) => {
    const subnets = desk.subnets().map(({ subnet: { name, cidr }, use, pools }) => ({ name, cidr, use, pools }))
    ctx.body = { mode: desk.mode(), subnets }
  })
  router.get('/subnets/:name', (ctx) => {
    const found = desk.subnet(ctx.params.name ?? '')
    if (!found) throw new Problem(404, 'There is no such subnet.')
    ctx.body = found
  })
  router.get('/classes', (ctx) => {
    const classes = desk.classes().map((row) => ({ ...row, condition: conditionText(row.class.when) }))
    ctx.body = { classes, options: desk.globalOptions(), devices: desk.devices() }
  })
  router.get('/leases', (ctx) => {
    ctx.body = desk.leases(leaseQuery(ctx))
  })
  router.get('/lease-file/:kind', (ctx) => sendLeaseFile(ctx, desk, ctx.params.kind ?? ''))
  router.get('/servers/:server', (ctx) => {
    const server = EXPORT_SERVERS.find((known) => known === ctx.params.server)
    if (!server) throw new Problem(404, `The server is one of ${EXPORT_SERVERS.join(', ')}.`)
    const text = desk.exportFor(server)
    if (text === undefined)
      throw new Problem(409, 'The configuration has no dhcp.subnets: name the networks of the phones.')
    ctx.type = 'text/plain; charset=utf-8'
    ctx.body = text
  })
  router.get('/leases/:address', (ctx) => {
    const row = desk.lease(addressOf(ctx.params.address))
    if (!row) throw new Problem(404, 'There is no lease of this address.')
    ctx.body = row
  })
  router.post('/leases/import', async (ctx) => {
    const kind = IMPORT_FILES.find((known) => known === queryText(ctx, 'kind'))
    if (!kind) throw new Problem(400, `"kind" must be one of ${IMPORT_FILES.join(', ')}.`)
    // A bare `dryRun` means it: who wrote that must not find the leases changed.
    const dryRun = ctx.query.dryRun === '' || (flag(ctx, 'dryRun') ?? false)
    ctx.body = await desk.importLeases(kind, await fileBody(ctx, LARGEST_LEASE_FILE), dryRun, actor(ctx))
  })
  router.post('/leases/:address/release', async (ctx) => {
    ctx.body = done(await desk.release(addressOf(ctx.params.address), actor(ctx)))
  })
  router.delete('/leases/:address', async (ctx) => {
    ctx.body = done(await desk.forget(addressOf(ctx.params.address), actor(ctx)))
  })
  router.post('/test', (ctx) => {
    const made = desk.rehearse(messageOf(textsOf(ctx.request.body)))
    if (made.kind !== 'saved') {
      const errors = made.kind === 'refused' ? made.errors : []
      throw new Problem(422, errors.map(({ field, message }) => `${field}: ${message}`).join('; '))
    }
    ctx.body = { ...made.value, sentences: sentences(made.value) }
  })
  return router
}

function leaseQuery(ctx: WebContext) {
  const number = (name: string, otherwise: number, most: number) => {
    const text = queryText(ctx, name)
    if (text === '') return otherwise
    if (!/^[1-9]\d{0,8}$/.test(text)) throw new Problem(400, `${name} must be a whole number from 1 to ${most}.`)
    return Math.min(Number(text), most)
  }
  const asked = queryText(ctx, 'state')
  const state = LEASE_STATES.find((known) => known === asked)
  if (asked !== '' && !state) throw new Problem(400, `state is one of ${LEASE_STATES.join(', ')}.`)
  const [order, subnet] = [queryText(ctx, 'order'), queryText(ctx, 'subnet')]
  return {
    text: queryText(ctx, 'text').slice(0, 100),
    order: order.endsWith('ends') ? ('ends' as const) : ('address' as const),
    descending: order.startsWith('-'),
    page: number('page', 1, 1e9),
    pageSize: number('pageSize', 100, MOST_ROWS),
    ...(state && { state }),
    ...(subnet !== '' && { subnet }),
  }
}

function addressOf(text: string | undefined): Ipv4 {
  const address = parseIpv4(text ?? '')
  if (!address) throw new Problem(400, 'The path must name an IPv4 address.')
  return address
}

function actor(ctx: WebContext): string {
  return ctx.state.session?.account.name ?? 'local command'
}

function done<T>(saved: {
  readonly kind: string
  readonly value?: T
  readonly errors?: readonly { message: string }[]
}): T {
  if (saved.kind === 'saved' && saved.value !== undefined) return saved.value
  if (saved.kind === 'refused') throw new Problem(422, saved.errors?.map(({ message }) => message).join(' ') ?? '')
  throw new Problem(404, 'There is no lease of this address, or not any more.')
}

/** The members of a JSON object that are texts. */
function textsOf(body: unknown): Record<string, string> {
  if (typeof body !== 'object' || body === null) return {}
  const texts = Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return Object.fromEntries(texts.map(([name, text]) => [name, text.slice(0, 2_000)]))
}
