// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { SYSTEM } from '#daemon/domain/scope'
import type { DeviceDraft, UserDraft } from '#daemon/domain/user'
import { formatMac } from '#protocols/lib/mac'
import { actorOf, formField, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { type Field, type Filled, form, readForm, type Section, type Values } from '#web/kit/form'
import { table } from '#web/kit/table'
import { showMessage } from '#web/pages/message'
import { presenceWords } from '#web/pages/presence'
import { showPage } from '#web/pages/shell'
import { levelHref } from '#web/pages/templates/words'
import type { ScopesPort } from '#web/ports/scopes'
import type { UserDetail, UsersPort } from '#web/ports/users'
import { CONFLICT, scopeOptions, USERS, USERS_TRAIL, userHref } from './words.ts'

interface People {
  readonly web: Web
  readonly users: UsersPort
  readonly scopes: ScopesPort
}

/** Adding, changing and removing a user, and giving it phones. */
export function userRoutes(web: Web, users: UsersPort, scopes: ScopesPort): Router<WebState, NoExtras> {
  const people: People = { web, users, scopes }
  const router = new Router<WebState, NoExtras>({ prefix: USERS })
  /** The user of the path; without one the answer is given. */
  const known = (ctx: WebContext, name: string | undefined): UserDetail | undefined => {
    const found = users.get(name ?? '')
    if (!found) gone(web, ctx)
    return found
  }

  router.get('/add', (ctx) => show(people, ctx, undefined, { values: { region: SYSTEM.id }, errors: [] }))
  router.post('/add', (ctx) => save(people, ctx, undefined))

  router.get('/of/:name', (ctx) => {
    const found = known(ctx, ctx.params.name)
    if (found) show(people, ctx, found, { values: valuesOf(found), errors: [] })
  })
  router.post('/of/:name', async (ctx) => {
    const found = known(ctx, ctx.params.name)
    if (found) await save(people, ctx, found)
  })

  router.get('/of/:name/remove', (ctx) => {
    const found = known(ctx, ctx.params.name)
    if (!found) return
    const { name, displayName } = found.user
    showQuestion(web, ctx, {
      ...{ section: 'users', title: `Remove ${displayName}?`, act: 'Remove user', cancel: userHref(name) },
      trail: USERS_TRAIL,
      sentence:
        found.devices === 0
          ? 'No phone belongs to this user. This cannot be undone.'
          : 'These phones are nobody’s then and lose their line at their next restart; those that were never seen here go with the user. This cannot be undone.',
      touches: found.phones.map(({ phone }) =>
        [formatMac(phone.mac), phone.model, phone.label].filter(Boolean).join(', '),
      ),
      hidden: { revision: String(found.revision) },
    })
  })
  router.post('/of/:name/remove', async (ctx) => {
    const found = known(ctx, ctx.params.name)
    if (!found) return
    const removed = await users.remove(found.user.name, Number(formField(ctx, 'revision')), actorOf(ctx))
    if (removed.kind === 'saved') return goOn(web, ctx, USERS, `Removed ${found.user.displayName}.`)
    goOn(
      web,
      ctx,
      userHref(found.user.name),
      'Somebody else has just changed this user, so it was not removed.',
      'warn',
    )
  })

  router.get('/of/:name/devices/add', (ctx) => {
    const found = known(ctx, ctx.params.name)
    if (found) showDevice(people, ctx, found, { values: {}, errors: [] })
  })
  router.post('/of/:name/devices/add', async (ctx) => {
    const found = known(ctx, ctx.params.name)
    if (!found) return
    const filled = readForm(ctx, DEVICE_SECTIONS)
    const saved =
      filled.errors.length > 0
        ? { kind: 'refused' as const, errors: filled.errors }
        : await users.addDevice(found.user.name, deviceOf(filled.values), actorOf(ctx))
    if (saved.kind === 'conflict') return gone(web, ctx)
    if (saved.kind === 'saved') {
      const text = `${formatMac(saved.value.mac)} belongs to ${found.user.displayName} now.`
      return goOn(web, ctx, userHref(found.user.name), text)
    }
    ctx.status = 422
    showDevice(people, ctx, found, { values: filled.values, errors: saved.errors })
  })
  return router
}

async function save(people: People, ctx: WebContext, known: UserDetail | undefined): Promise<void> {
  const { web, users, scopes } = people
  const filled = readForm(ctx, sections(scopes, known))
  const refuse = (status: number, errors: Filled['errors']) => {
    ctx.status = status
    show(people, ctx, known, { values: filled.values, errors })
  }
  if (filled.errors.length > 0) return refuse(422, filled.errors)
  const draft = draftOf(filled.values, known)
  const saved = known
    ? await users.change(draft, Number(formField(ctx, 'revision')), actorOf(ctx))
    : await users.add(draft, actorOf(ctx))
  switch (saved.kind) {
    case 'saved': {
      const { name, displayName } = saved.value.user
      return goOn(web, ctx, userHref(name), `${known ? 'Saved' : 'Added'} ${displayName}.`)
    }
    case 'refused':
      return refuse(422, saved.errors)
    case 'conflict':
      return refuse(409, [{ field: '', message: CONFLICT }])
  }
}

function show(people: People, ctx: WebContext, known: UserDetail | undefined, filled: Filled): void {
  const { web, scopes } = people
  const title = known ? known.user.displayName : 'Add user'
  const href = known && userHref(known.user.name)
  const settings =
    known && web.port.levels
      ? [{ label: 'Phone settings', href: levelHref(`user/${known.user.name}`), of: `of ${title}` }]
      : []
  showPage(web, ctx, {
    ...{ view: 'people/user', title, section: 'users' },
    data: {
      head: {
        ...{ title, trail: USERS_TRAIL },
        ...(href && { actions: [...settings, { label: 'Remove', href: `${href}/remove`, of: title }] }),
      },
      form: form(web, ctx, {
        ...{ action: ctx.path, cancel: USERS, twoColumns: true, submit: known ? 'Save' : 'Add user', ...filled },
        sections: sections(scopes, known),
        ...(known && { hidden: { revision: String(known.revision) } }),
      }),
      devices: known && devicesView(known),
    },
  })
}

function devicesView({ user, phones }: UserDetail): object {
  const rows = phones.map(({ phone, presence }) => {
    const words = presenceWords(presence)
    return {
      cells: [
        { text: formatMac(phone.mac), href: `/devices/${phone.mac}`, mono: true, strong: true },
        phone.label,
        phone.model,
        { badge: words.label, tone: words.tone },
      ],
      actions: [{ label: 'Change', of: formatMac(phone.mac), href: `/devices/${phone.mac}/owner` }],
    }
  })
  const columns = [{ label: 'MAC address' }, { label: 'Name' }, { label: 'Model' }, { label: 'Status' }]
  return {
    table: table(`Devices of ${user.displayName}`, columns, rows),
    add: { label: 'Add device', href: `${userHref(user.name)}/devices/add`, icon: 'add' },
  }
}

function sections(scopes: ScopesPort, known: UserDetail | undefined): Section[] {
  const name: Field = {
    ...{ name: 'name', label: 'Login name', required: true, maxLength: 64 },
    hint: 'As phones report it; capitals do not matter.',
  }
  const password: Field[] = [
    {
      ...{ name: 'password', label: 'SIP password', kind: 'password', maxLength: 128, autocomplete: 'new-password' },
      hint: known?.user.hasPassword
        ? 'There is one. Leave this empty to keep it; it is never shown.'
        : 'Leave this empty if phones need none. It is never shown again.',
    },
    ...(known?.user.hasPassword
      ? [{ name: 'noPassword', label: 'Take the password away', kind: 'check' } as const]
      : []),
  ]
  return [
    {
      legend: 'Person',
      fields: [
        ...(known ? [] : [name]),
        {
          name: 'displayName',
          label: 'Display name',
          maxLength: 128,
          hint: 'Shown on the phone and in the directory.',
        },
        {
          ...{ name: 'region', label: 'Region or site', kind: 'select' },
          options: scopeOptions(scopes.tree(), 'None: the system'),
          hint: 'The user’s phones belong there, wherever they are plugged in.',
        },
        {
          name: 'language',
          label: 'Language of the display',
          maxLength: 40,
          hint: 'Such as English; empty for the template’s.',
        },
      ],
    },
    {
      legend: 'Line',
      fields: [
        {
          ...{ name: 'phoneNumber', label: 'Phone number', maxLength: 128, mono: true },
          hint: 'Or several with commas between them; the first is the line’s.',
        },
        { name: 'lineUri', label: 'Line URI', maxLength: 255, mono: true, placeholder: 'sip:anna@example.net' },
        {
          name: 'authName',
          label: 'SIP authentication name',
          maxLength: 128,
          mono: true,
          hint: 'If it is not the login name.',
        },
        ...password,
      ],
    },
  ]
}

function valuesOf({ user }: UserDetail): Values {
  const { displayName, phoneNumber, lineUri, authName, language, region } = user
  return { displayName, phoneNumber, lineUri, authName, language, region: region || SYSTEM.id }
}

function draftOf(values: Values, known: UserDetail | undefined): UserDraft {
  const { displayName = '', phoneNumber = '', lineUri = '', authName = '', language = '', password = '' } = values
  const { region = '', noPassword = '0' } = values
  return {
    name: known?.user.name ?? values.name ?? '',
    ...{ displayName, phoneNumber, lineUri, authName, language },
    region: region === SYSTEM.id ? '' : region,
    ...(password !== '' ? { password } : noPassword === '1' ? { password: '' } : {}),
  }
}

const DEVICE_SECTIONS: readonly Section[] = [
  {
    fields: [
      {
        ...{
          name: 'mac',
          label: 'MAC address',
          required: true,
          maxLength: 40,
          mono: true,
          placeholder: '00:90:8f:12:34:56',
        },
        hint: 'It stands on the phone’s underside. A phone of somebody else moves to this user.',
      },
      { name: 'model', label: 'Model', maxLength: 60, placeholder: '440HD', hint: 'The phone itself will tell.' },
      { name: 'label', label: 'Name', maxLength: 128, hint: 'Such as Desk or Lab.' },
      { name: 'serial', label: 'Serial number', maxLength: 64, mono: true },
    ],
  },
  {
    ...{ legend: 'Settings of this phone alone', folded: true },
    fields: [
      { name: 'language', label: 'Language', maxLength: 40, hint: 'Empty for the user’s.' },
      {
        name: 'vlanMode',
        label: 'VLAN mode',
        maxLength: 40,
        hint: 'As phones’ files write it, such as Manual Configuration.',
      },
      { name: 'vlanId', label: 'VLAN', kind: 'number', max: 4094 },
      { name: 'vlanPriority', label: 'VLAN priority', kind: 'number', max: 7 },
    ],
  },
]

function deviceOf(values: Values): DeviceDraft {
  const { mac = '', label = '', serial = '', model = '', language = '' } = values
  const { vlanMode = '', vlanId = '', vlanPriority = '' } = values
  return { mac, label, serial, model, language, vlanMode, vlanId, vlanPriority }
}

function showDevice({ web }: People, ctx: WebContext, known: UserDetail, filled: Filled): void {
  const title = 'Add device'
  const { name, displayName } = known.user
  showPage(web, ctx, {
    ...{ view: 'kit/form-page', title, section: 'users' },
    data: {
      head: {
        title,
        lead: `It belongs to ${displayName} then, is approved by that, and gets its files when it is plugged in.`,
        trail: [...USERS_TRAIL, { label: displayName, href: userHref(name) }],
      },
      form: form(web, ctx, {
        ...{ action: ctx.path, cancel: userHref(name), twoColumns: true, submit: 'Add device', ...filled },
        sections: DEVICE_SECTIONS,
      }),
    },
  })
}

export function gone(web: Web, ctx: WebContext): void {
  showMessage(web, ctx, 404, {
    title: 'User not found',
    sentence: 'There is no such user: somebody may have removed it.',
    section: 'users',
    ways: [{ label: 'Users', href: USERS }],
  })
}
