// SPDX-License-Identifier: Apache-2.0

import Router from '@koa/router'
import type { NoExtras, Web, WebContext, WebState } from '#web/context'
import { urlPart } from '#web/format'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { type Filled, form, readForm, type Section, type Values } from '#web/kit/form'
import { table } from '#web/kit/table'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import type { BindAccount, DirectoryPort } from '#web/ports/directory'
import { HOME, regionOptions, TRAIL, tabs } from './words.ts'

const PATH = `${HOME}/accounts`
/** No signs that look alike: somebody may have to read it to a phone's keypad. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'
const PASSWORD_LENGTH = 20

/** Names and passwords with which phones search. */
export function accountsRoutes(web: Web, directory: DirectoryPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: PATH })
  const find = (ctx: WebContext, name: string | undefined) => {
    const account = directory.accounts.list().find((one) => one.name === name)
    if (!account) gone(web, ctx)
    return account
  }

  router.get('/', (ctx) => {
    const rows = directory.accounts.list().map((account) => {
      const href = hrefOf(account)
      const actions = [
        { label: 'Change', of: account.name, href },
        { label: 'Remove', of: account.name, href: `${href}/remove` },
      ]
      const name = { text: account.name, href, strong: true }
      return { cells: [name, sightOf(account), { code: account.dn }], actions }
    })
    showPage(web, ctx, {
      ...{ view: 'directory/table-page', title: 'Directory accounts', section: 'directory' },
      data: {
        head: {
          title: 'Accounts',
          lead: 'Names and passwords with which phones search. What an account sees can be one region only. Passwords are kept so that nobody can read them.',
          actions: [{ label: 'Add account', icon: 'add', look: 'primary', href: `${PATH}/new` }],
        },
        tabs: tabs('/accounts'),
        table: table('Accounts', [{ label: 'Name' }, { label: 'Sees' }, { label: 'Name to bind with' }], rows),
        none: {
          title: 'No account yet',
          sentence:
            'Without one, phones can search only if anonymous searches are allowed in the configuration (ldap.anonymous).',
          icon: 'account',
          actions: [{ label: 'Add account', icon: 'add', look: 'primary', href: `${PATH}/new` }],
        },
      },
    })
  })

  router.get('/new', (ctx) => show(web, ctx, directory, undefined, { values: { how: 'generate' }, errors: [] }))
  router.post('/new', (ctx) => save(web, ctx, directory, undefined))
  router.get('/:name', (ctx) => {
    const account = find(ctx, ctx.params.name)
    if (account)
      show(web, ctx, directory, account, {
        values: { region: account.region, owner: account.owner, how: 'keep' },
        errors: [],
      })
  })
  router.post('/:name', async (ctx) => {
    const account = find(ctx, ctx.params.name)
    if (account) await save(web, ctx, directory, account)
  })

  router.get('/:name/remove', (ctx) => {
    const account = find(ctx, ctx.params.name)
    if (!account) return
    showQuestion(web, ctx, {
      ...{ section: 'directory', title: `Remove the account ${account.name}?`, act: 'Remove account', cancel: PATH },
      trail: [...TRAIL, { label: 'Accounts', href: PATH }],
      sentence: 'Phones that use it find nothing any more, until they are given another. This cannot be undone.',
      touches: [account.dn],
    })
  })
  router.post('/:name/remove', async (ctx) => {
    const account = find(ctx, ctx.params.name)
    if (!account) return
    await directory.accounts.remove(account.name)
    goOn(web, ctx, PATH, `Removed the account ${account.name}.`)
  })
  return router
}

async function save(
  web: Web,
  ctx: WebContext,
  directory: DirectoryPort,
  known: BindAccount | undefined,
): Promise<void> {
  const { values, errors } = readForm(ctx, sections(directory, known, {}))
  const refuse = (status: number, wrong: Filled['errors']) => {
    ctx.status = status
    show(web, ctx, directory, known, { values, errors: wrong })
  }
  if (errors.length > 0) return refuse(422, errors)
  const { how, password: own = '', region = '', owner = '' } = values
  if (how === 'own' && own === '') return refuse(422, [{ field: 'password', message: 'Enter the new password.' }])
  const generated = how === 'generate' ? generate(web.random) : ''
  const saved = await directory.accounts.save({
    ...{ name: known?.name ?? values.name ?? '', region, owner, fresh: known === undefined },
    password: how === 'own' ? own : generated,
  })
  if (saved.kind === 'refused') return refuse(422, saved.errors)
  if (saved.kind === 'conflict')
    return refuse(409, [{ field: '', message: 'Somebody else has just removed this account.' }])
  const { name, dn } = saved.value
  const done = `${known ? 'Saved' : 'Added'} the account ${name}, which binds as ${dn}.`
  if (generated === '') return goOn(web, ctx, PATH, done)
  web.flashes.put(ctx, `${done} Its password is shown only now:`, 'ok', generated)
  goOn(web, ctx, PATH)
}

/** 20 letters of 31: 99 bits. */
function generate(random: (bytes: number) => Uint8Array): string {
  let password = ''
  while (password.length < PASSWORD_LENGTH) {
    for (const byte of random(PASSWORD_LENGTH)) {
      // What is beyond the last whole multiple would make some letters likelier.
      if (byte < 256 - (256 % LETTERS.length)) password += LETTERS[byte % LETTERS.length]
    }
  }
  return password.slice(0, PASSWORD_LENGTH)
}

function show(
  web: Web,
  ctx: WebContext,
  directory: DirectoryPort,
  known: BindAccount | undefined,
  filled: Filled,
): void {
  const title = known ? `Account ${known.name}` : 'Add account'
  showPage(web, ctx, {
    ...{ view: 'kit/form-page', title, section: 'directory' },
    data: {
      head: {
        title,
        trail: [...TRAIL, { label: 'Accounts', href: PATH }],
        ...(known && { lead: `Binds as ${known.dn}` }),
      },
      form: form(web, ctx, {
        ...{ action: ctx.path, cancel: PATH, submit: known ? 'Save' : 'Add account', ...filled },
        sections: sections(directory, known, filled.values),
      }),
    },
  })
}

function sections(directory: DirectoryPort, known: BindAccount | undefined, values: Values): Section[] {
  const ways = [
    ...(known ? [{ value: 'keep', label: 'Keep the one it has' }] : []),
    { value: 'generate', label: 'Make one and show it once' },
    { value: 'own', label: 'Use the one below' },
  ]
  return [
    {
      fields: [
        ...(known
          ? []
          : [
              {
                ...{ name: 'name', label: 'Name', required: true, maxLength: 64, mono: true },
                hint: 'Letters, digits, dots, hyphens and underscores.',
              },
            ]),
        {
          ...{ name: 'region', label: 'What it sees', kind: 'select' },
          options: regionOptions(directory, 'All regions', values.region ?? known?.region),
          hint: 'Beside its region it always sees contacts of no region, and users.',
        },
        {
          ...{ name: 'owner', label: 'Also sees the personal contacts of', maxLength: 128 },
          hint: 'Name of a user; for the account of one person’s phone.',
        },
        { name: 'how', label: 'Password', kind: 'radio', options: ways, required: true },
        {
          ...{ name: 'password', label: 'A password of your own', kind: 'password', maxLength: 128 },
          ...{ autocomplete: 'new-password', hint: 'At least 8 characters.' },
        },
      ],
    },
  ]
}

/** `Nord, and the personal contacts of anna`. */
function sightOf({ region, owner }: BindAccount): string {
  return `${region || 'All regions'}${owner === '' ? '' : `, and the personal contacts of ${owner}`}`
}

function hrefOf({ name }: BindAccount): string {
  return `${PATH}/${urlPart(name)}`
}

function gone(web: Web, ctx: WebContext): void {
  const sentence = 'There is no such account: somebody may have removed it.'
  const ways = [{ label: 'Accounts', href: PATH }]
  showMessage(web, ctx, 404, { title: 'Account not found', sentence, section: 'directory', ways })
}
