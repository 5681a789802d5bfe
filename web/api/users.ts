// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { DeviceDraft, UserDraft } from '#daemon/domain/user'
import { parseMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, queryText, type WebContext, type WebState } from '#web/context'
import { answerFieldProblems, Problem } from '#web/http/problem'
import type { Saved } from '#web/ports/saved'
import type { ScopesPort } from '#web/ports/scopes'
import type { UserDetail, UserRow, UsersPort } from '#web/ports/users'
import { bodyFields, bodyText, readVersion, shortText, wholeNumber } from './parameters.ts'
import { scopeNamed } from './scopes.ts'

const MOST_ROWS = 200
const ROOT = 'system'

/**
 * `/api/v1/users…`, also open to the local token. A user's name stands in the path percent-encoded. An edit names the
 * `revision` that it was made upon. Passwords go in and never come out: `hasPassword` says whether there is one.
 */
export function usersApiRoutes(users: UsersPort, scopes: ScopesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/users' })
  const pathOf = (region: string) => scopes.tree().pathText(region)
  const rowJson = ({ user, ...row }: UserRow) => ({ ...user, regionPath: pathOf(user.region), ...row })
  const detailJson = ({ phones, ...row }: UserDetail) => ({
    ...rowJson(row),
    phones: phones.map(({ phone, presence }) => ({ ...phone, presence })),
  })

  /** `text`, `region` (id, path or name), `page`, `pageSize`. */
  router.get('/', (ctx) => {
    const region = queryText(ctx, 'region')
    const found = users.list({
      text: shortText(ctx, 'text', 100),
      region: region === '' ? '' : scopeNamed(scopes.tree(), region),
      page: wholeNumber(ctx, 'page', 1, 1_000_000),
      pageSize: wholeNumber(ctx, 'pageSize', 50, MOST_ROWS),
    })
    ctx.body = { ...found, rows: found.rows.map(rowJson) }
  })
  router.get('/:name', (ctx) => {
    const found = users.get(ctx.params.name ?? '')
    if (!found) throw new Problem(404, 'There is no such user.')
    ctx.body = detailJson(found)
  })
  /** Adds the user, or with a `revision` changes it. Fields that are left out are empty; but the password stays. */
  router.put('/:name', async (ctx) => {
    const { revision } = bodyFields(ctx)
    const draft = draftOf(ctx, ctx.params.name ?? '', scopes)
    if (revision !== undefined && typeof revision !== 'number') {
      throw new Problem(400, '"revision" must be that of the user whom you read, or be left out for a new one.')
    }
    const saved = await (revision === undefined
      ? users.add(draft, actorOf(ctx))
      : users.change(draft, revision, actorOf(ctx)))
    if (saved.kind === 'saved') ctx.status = revision === undefined ? 201 : 200
    answer(ctx, saved, rowJson)
  })
  router.delete('/:name', async (ctx) => {
    const removed = await users.remove(ctx.params.name ?? '', readVersion(ctx, 'revision'), actorOf(ctx))
    answer(ctx, removed, () => undefined)
    if (removed.kind === 'saved') ctx.status = 204
  })
  /** Adds a phone, or moves it here from another user. */
  router.post('/:name/devices', async (ctx) => {
    answer(ctx, await users.addDevice(ctx.params.name ?? '', deviceOf(ctx), actorOf(ctx)), (phone) => phone)
  })
  /** The phone is nobody's then. */
  router.delete('/:name/devices/:mac', async (ctx) => {
    const mac = parseMac(ctx.params.mac ?? '')
    const owned = users.get(ctx.params.name ?? '')?.phones.some(({ phone }) => phone.mac === mac)
    if (!mac || !owned) throw new Problem(404, 'This user has no such phone.')
    const given = await users.assign(mac, '', actorOf(ctx))
    answer(ctx, given, () => undefined)
    if (given.kind === 'saved') ctx.status = 204
  })
  return router
}

function answer<T>(ctx: WebContext, saved: Saved<T>, json: (value: T) => object | undefined): void {
  if (saved.kind === 'saved') ctx.body = json(saved.value)
  else if (saved.kind === 'refused') answerFieldProblems(ctx, 'It cannot be saved.', saved.errors)
  else throw new Problem(409, 'The user was changed or removed meanwhile, or never was there. Read it again.')
}

function draftOf(ctx: WebContext, name: string, scopes: ScopesPort): UserDraft {
  const text = (field: string) => bodyText(ctx, field)
  const region = scopeNamed(scopes.tree(), text('region'))
  return {
    name,
    displayName: text('displayName'),
    phoneNumber: text('phoneNumber'),
    lineUri: text('lineUri'),
    region: region === ROOT ? '' : region,
    authName: text('authName'),
    language: text('language'),
    ...(bodyFields(ctx).password !== undefined && { password: text('password') }),
  }
}

function deviceOf(ctx: WebContext): DeviceDraft {
  const text = (field: string) => bodyText(ctx, field)
  const [mac, label, serial, model] = [text('mac'), text('label'), text('serial'), text('model')]
  const vlan = { vlanMode: text('vlanMode'), vlanId: text('vlanId'), vlanPriority: text('vlanPriority') }
  return { mac, label, serial, model, language: text('language'), ...vlan }
}
