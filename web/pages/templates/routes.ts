// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { Note } from '#daemon/domain/provisioning/revision'
import { formField, type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { goOn } from '#web/kit/flash'
import { stepOf } from '#web/pages/changes/review'
import { showMessage } from '#web/pages/message'
import type { ChangesPort } from '#web/ports/changes'
import type { ScopesPort } from '#web/ports/scopes'
import type { Drafted, TemplateDraft, TemplatesPort, TextFinding } from '#web/ports/templates'
import { type Editing, LARGEST_FORM, PARTS, readEditing, SAVE, showEditor } from './editor.ts'
import { showTemplates } from './list.ts'
import { addRule, removeRule, showMapping } from './mapping.ts'
import { reviewDraft } from './review.ts'
import { MAPPING, PART_TITLES, TEMPLATES, templateHref } from './words.ts'

export interface TemplatePages {
  readonly templates: TemplatesPort
  readonly scopes: ScopesPort
  readonly changes: ChangesPort
}

const MOST_NOTES = 20
const BLANK: TemplateDraft = {
  ...{ id: '', title: '', description: '', models: [], firmware: 'sip' },
  global: ';#use audiocodes-sip/global\n',
  private: 'include %ITCS_GlobalFile%\nsystem/type=%ITCS_Model%\n',
}

/** Templates: looking, editing, downloading, restoring, deleting; and which phones get which. */
export function templatesRoutes(web: Web, ports: TemplatePages): Router<WebState, NoExtras> {
  const { templates, changes } = ports
  const router = new Router<WebState, NoExtras>({ prefix: TEMPLATES })
  web.uploads.allow(SAVE, LARGEST_FORM)

  router.get('/', (ctx) => showTemplates(web, ctx, templates))
  router.get('/new', (ctx) => {
    const from = templates.get(queryText(ctx, 'from'))?.template
    const draft = from ? { ...from, id: '', title: `${from.title} (copy)`, models: [] } : BLANK
    showEditor(web, ctx, templates, { draft, revision: undefined, mac: '' })
  })
  router.get('/of/:id', (ctx) => {
    const row = templates.get(ctx.params.id ?? '')
    if (!row) return gone(web, ctx)
    showEditor(web, ctx, templates, { draft: row.template, revision: row.revision, mac: queryText(ctx, 'example') })
  })
  for (const part of PARTS) {
    router.get(`/of/:id/${part}.cfg`, (ctx) => {
      const row = templates.get(ctx.params.id ?? '')
      if (!row) return gone(web, ctx)
      ctx.attachment(`${row.template.id}_${part}.cfg`)
      ctx.type = 'text/plain; charset=utf-8'
      ctx.body = row.template[part]
    })
  }

  router.post('/save', async (ctx) => {
    const editing = readEditing(ctx, templates)
    const again = (errors: Editing['errors'] = []) => showEditor(web, ctx, templates, { ...editing, errors })
    // Whoever only checks, or has just read a file in, wants to see the editor.
    const isLooking = formField(ctx, 'act') === 'review' && editing.uploaded === undefined
    if (editing.errors?.length) {
      ctx.status = 422
      return again(editing.errors)
    }
    if (!isLooking || stepOf(ctx) === 'form') return again()
    const { draft, revision } = editing
    const drafted = revision === undefined ? templates.add(draft) : templates.change(draft, revision)
    await reviewDraft(web, ctx, changes, drafted, {
      ...{ section: 'templates', action: SAVE, multipart: true },
      ...{ cancel: revision === undefined ? TEMPLATES : templateHref(draft.id), done: templateHref(draft.id) },
      fields: fieldsOf(editing),
      notes: notesOf(templates.findings(draft)),
      refuse: again,
      gone: () => gone(web, ctx),
    })
  })

  const whole = (what: 'restore' | 'delete', act: (id: string) => Drafted, next: (id: string) => string) => {
    const look = (ctx: WebContext, id: string) => {
      if (stepOf(ctx) === 'form') return goOn(web, ctx, templateHref(id))
      return reviewDraft(web, ctx, changes, act(id), {
        ...{ section: 'templates', action: ctx.path, cancel: templateHref(id), done: next(id), fields: {} },
        refuse: (errors) => refused(web, ctx, id, errors[0]?.message ?? ''),
        gone: () => gone(web, ctx),
      })
    }
    router.get(`/of/:id/${what}`, (ctx) => look(ctx, ctx.params.id ?? ''))
    router.post(`/of/:id/${what}`, (ctx) => look(ctx, ctx.params.id ?? ''))
  }
  whole('restore', (id) => templates.restore(id), templateHref)
  whole(
    'delete',
    (id) => templates.remove(id),
    () => TEMPLATES,
  )

  router.get('/mapping', (ctx) => showMapping(web, ctx, ports))
  router.post('/mapping', (ctx) => addRule(web, ctx, ports))
  router.get('/mapping/remove/:index', (ctx) => removeRule(web, ctx, ports, Number(ctx.params.index)))
  router.post('/mapping/remove/:index', (ctx) => removeRule(web, ctx, ports, Number(ctx.params.index)))
  return router
}

/** What the check found, but for what is only good to know. */
function notesOf(findings: readonly TextFinding[]): Note[] {
  const worth = findings.filter(({ severity }) => severity !== 'hint')
  return worth.slice(0, MOST_NOTES).map(({ part, line, severity, message }) => ({
    ...{ tone: severity === 'error' ? 'error' : 'warning', text: message },
    where: `${PART_TITLES[part]}, line ${line}`,
  }))
}

/** The form once more, for the page that asks whether to save it. */
function fieldsOf({ draft, revision, mac }: Editing): Record<string, string> {
  const { id, title, description, models, firmware, global, private: own } = draft
  return {
    ...{ id, title, description, firmware, global, private: own, models: models.join('\n'), example: mac },
    ...(revision !== undefined && { revision: String(revision) }),
    act: 'review',
  }
}

function refused(web: Web, ctx: WebContext, id: string, sentence: string): void {
  showMessage(web, ctx, 422, {
    ...{ title: 'It stays as it is', sentence, section: 'templates' },
    ways: [
      { label: 'The template', href: templateHref(id) },
      { label: 'Mapping', href: MAPPING },
    ],
  })
}

function gone(web: Web, ctx: WebContext): void {
  showMessage(web, ctx, 404, {
    title: 'Template not found',
    sentence: 'There is no such template: somebody may have deleted it.',
    section: 'templates',
    ways: [{ label: 'Templates', href: TEMPLATES }],
  })
}
