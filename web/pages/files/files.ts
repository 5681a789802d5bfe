// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { type AuxiliaryFile, isSlot, KINDS, LARGEST_AUXILIARY, SLOTS } from '#daemon/domain/auxiliary'
import { isKind } from '#web/api/files'
import { actorOf, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { type Filled, form, readForm, type Section } from '#web/kit/form'
import { table } from '#web/kit/table'
import { fileOf } from '#web/kit/upload'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import type { AuxiliaryPort } from '#web/ports/auxiliary'
import type { FieldError, Saved } from '#web/ports/saved'
import { levelOf, levelText } from './level.ts'
import { fileTabs } from './tabs.ts'

const PATH = '/files'
const TRAIL = [{ label: 'Files', href: PATH }]
const NOTHING: Filled = { values: {}, errors: [] }

const UPLOAD: readonly Section[] = [
  {
    fields: [
      {
        ...{ name: 'kind', label: 'What it is', kind: 'select', required: true },
        options: Object.entries(KINDS).map(([value, { title, endings }]) => ({
          value,
          label: `${title} (${endings.map((ending) => `.${ending}`).join(', ')})`,
        })),
      },
      {
        ...{ name: 'file', label: 'File', kind: 'file', required: true },
        hint: 'A private key is kept encrypted and never shown again.',
      },
    ],
  },
]

/** Directories, ring tones, certificates and keys, and who is told to fetch them. */
export function filesRoutes(web: Web, files: AuxiliaryPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: PATH })
  web.uploads.allow(`${PATH}/upload`, LARGEST_AUXILIARY + 65_536)

  router.get('/', (ctx) => showList(web, ctx, files))
  router.get('/upload', (ctx) => showForm(web, ctx, 'Upload a file', UPLOAD, NOTHING, 'Upload', true))
  router.post('/upload', async (ctx) => {
    const { values, errors } = readForm(ctx, UPLOAD)
    const [kind, file] = [values.kind ?? '', fileOf(ctx, 'file')]
    const wrong = errors.filter(({ field }) => field !== 'file')
    if (!isKind(kind) || !file || wrong.length > 0) {
      ctx.status = 422
      const missing = file ? [] : [{ field: 'file', message: 'Choose a file.' }]
      return showForm(web, ctx, 'Upload a file', UPLOAD, { values, errors: [...wrong, ...missing] }, 'Upload', true)
    }
    const saved = await files.add(kind, file.name, file.bytes, actorOf(ctx))
    if (saved.kind === 'saved')
      return goOn(web, ctx, PATH, `${saved.value.name} is kept. Assign it, so that phones fetch it.`)
    ctx.status = 422
    showForm(web, ctx, 'Upload a file', UPLOAD, { values, errors: errorsOf(saved) }, 'Upload', true)
  })

  router.get('/assign', (ctx) => showForm(web, ctx, 'Assign a file', assignment(web, files), NOTHING, 'Assign'))
  router.post('/assign', async (ctx) => {
    const sections = assignment(web, files)
    const { values, errors } = readForm(ctx, sections)
    const again = (all: readonly FieldError[]) => {
      ctx.status = 422
      showForm(web, ctx, 'Assign a file', sections, { values, errors: all }, 'Assign')
    }
    const [slot, to, file] = [values.slot ?? '', values.to ?? '', values.file ?? '']
    if (errors.length > 0 || !isSlot(slot)) return again(errors)
    const level = levelOf(web.port, to === 'user' || to === 'device' ? `${to}/${values.name ?? ''}` : to)
    if (!level) return again([{ field: 'name', message: 'There is no such user or phone here.' }])
    const saved = await files.assign(level, slot, file, actorOf(ctx))
    if (saved.kind !== 'saved') return again(errorsOf(saved))
    goOn(web, ctx, PATH, `${SLOTS[slot].title}: phones are told at their next look for a configuration.`)
  })
  router.post('/unassign/:slot/:level', async (ctx) => {
    const { slot = '', level = '' } = ctx.params
    // A place, user or phone may be gone, and what it had must still go.
    const found = files.assignments().find((one) => one.slot === slot && one.level === level)
    if (found) await files.assign(found.level, found.slot, '', actorOf(ctx))
    goOn(web, ctx, PATH, 'Taken back.')
  })

  router.get('/:id/remove', (ctx) => {
    const file = files.get(ctx.params.id ?? '')
    if (!file) return unknown(web, ctx)
    const sentence = 'No phone can fetch it any more. A private key cannot be brought back.'
    const words = { title: `Remove ${file.name}?`, sentence, act: 'Remove it' }
    showQuestion(web, ctx, {
      section: 'files',
      ...words,
      cancel: PATH,
      trail: TRAIL,
      touches: [file.about || file.name],
    })
  })
  router.post('/:id/remove', async (ctx) => {
    const saved = await files.remove(ctx.params.id ?? '', actorOf(ctx))
    if (saved.kind === 'conflict') return unknown(web, ctx)
    goOn(web, ctx, PATH, saved.kind === 'saved' ? 'Removed.' : (saved.errors[0]?.message ?? 'It is used.'))
  })
  return router
}

function assignment(web: Web, files: AuxiliaryPort): readonly Section[] {
  const tree = web.port.scopes?.tree()
  const scopes = tree?.below() ?? []
  const places = scopes.map(({ id }) => ({ value: `scope/${id}`, label: levelText(web.port, `scope/${id}`) }))
  return [
    {
      fields: [
        {
          ...{ name: 'slot', label: 'What for', kind: 'select', required: true },
          options: Object.entries(SLOTS).map(([value, { title }]) => ({ value, label: title })),
        },
        {
          ...{ name: 'file', label: 'File', kind: 'select', required: true },
          options: files
            .list()
            .map((file) => ({ value: file.id, label: `${file.name} — ${KINDS[file.kind].title}, ${file.about}` })),
        },
        {
          ...{ name: 'to', label: 'For', kind: 'select', required: true },
          options: [
            { value: 'system', label: 'Everybody' },
            ...places.sort((a, b) => a.label.localeCompare(b.label)),
            { value: 'user', label: 'One user' },
            { value: 'device', label: 'One phone' },
          ],
          hint: 'The nearest wins: a phone’s own file before its user’s, its site’s, its region’s and everybody’s.',
        },
        {
          ...{ name: 'name', label: 'User name or MAC address', when: { field: 'to', values: ['user', 'device'] } },
          hint: 'Only for one user or one phone.',
        },
      ],
    },
  ]
}

function showForm(
  web: Web,
  ctx: WebContext,
  title: string,
  sections: readonly Section[],
  filled: Filled,
  submit: string,
  multipart = false,
): void {
  const built = form(web, ctx, { ...filled, action: ctx.path, sections, submit, cancel: PATH, multipart })
  showPage(web, ctx, {
    view: 'kit/form-page',
    title,
    section: 'files',
    data: { head: { title, trail: TRAIL }, form: built },
  })
}

function showList(web: Web, ctx: WebContext, files: AuxiliaryPort): void {
  const now = web.port.now()
  const all = files.list()
  const assigned = files.assignments()
  const csrf = web.forms.token(ctx)
  const nameOf = (id: string) => files.get(id)?.name ?? 'a file that is gone'
  showPage(web, ctx, {
    ...{ view: 'files', title: 'Files', section: 'files' },
    data: {
      tabs: fileTabs(web.port, PATH),
      head: {
        title: 'Files',
        lead: 'Directories, ring tones, certificates and keys that phones fetch beside their configuration.',
        actions: [
          { label: 'Upload a file', href: `${PATH}/upload`, look: 'primary' as const },
          ...(all.length > 0 ? [{ label: 'Assign a file', href: `${PATH}/assign` }] : []),
        ],
      },
      empty: {
        title: 'No files yet',
        sentence:
          'Upload a corporate directory, speed dials, ring tones, root certificates, or certificates and keys for 802.1X and SIP; then assign them to everybody, a region, a site, a user or a phone.',
        actions: [{ label: 'Upload a file', href: `${PATH}/upload` }],
      },
      files:
        all.length > 0 &&
        table(
          'Files',
          [
            { label: 'Name' },
            { label: 'What it is' },
            { label: 'Holds' },
            { label: 'Runs out' },
            { label: 'Size' },
            { label: 'Added' },
            { label: 'Used' },
          ],
          all.map((file) => ({
            cells: [
              { text: file.name, mono: true },
              { text: KINDS[file.kind].title },
              { text: file.about },
              expiry(file, now, web),
              { text: `${count(Math.ceil(file.size / 1024))} KB` },
              { text: `${web.time.moment(file.at, now).exact}, ${file.by}` },
              { text: count(assigned.filter((one) => one.file === file.id).length) },
            ],
            actions: [{ label: 'Remove', of: file.name, href: `${PATH}/${file.id}/remove` }],
          })),
        ),
      assigned:
        assigned.length > 0 &&
        table(
          'Who is told to fetch what',
          [{ label: 'For' }, { label: 'What for' }, { label: 'File' }, { label: 'Setting' }],
          assigned.map(({ level, slot, file }) => ({
            cells: [
              { text: levelText(web.port, level) },
              { text: SLOTS[slot].title },
              { text: nameOf(file), mono: true },
              { text: SLOTS[slot].setting, mono: true },
            ],
            actions: [
              {
                label: 'Take back',
                of: SLOTS[slot].title,
                href: `${PATH}/unassign/${slot}/${encodeURIComponent(level)}`,
                csrf,
              },
            ],
          })),
        ),
    },
  })
}

function expiry({ expiresAt }: AuxiliaryFile, now: number, web: Web): { readonly text: string } {
  if (expiresAt === 0) return { text: '' }
  return { text: `${expiresAt <= now ? 'Ran out: ' : ''}${web.time.moment(expiresAt, now).exact}` }
}

function errorsOf(saved: Exclude<Saved<unknown>, { kind: 'saved' }>): readonly FieldError[] {
  return saved.kind === 'refused' ? saved.errors : [{ field: 'file', message: 'Somebody else changed it. Try again.' }]
}

function unknown(web: Web, ctx: WebContext): void {
  showMessage(web, ctx, 404, { title: 'No such file', section: 'files', sentence: 'It was removed, or never there.' })
}
