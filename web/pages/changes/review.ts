// SPDX-License-Identifier: Apache-2.0
import { type Draft, LONGEST_WHY, type Note, type Preview } from '#daemon/domain/provisioning/revision'
import { formatMac } from '#protocols/lib/mac'
import { actorOf, formField, type Web, type WebContext } from '#web/context'
import { count } from '#web/format'
import type { Head } from '#web/kit/cell'
import { goOn } from '#web/kit/flash'
import { form, type Values } from '#web/kit/form'
import { type SectionId, showPage } from '#web/pages/shell'
import type { ChangesPort } from '#web/ports/changes'
import type { FieldError } from '#web/ports/saved'

/** A form's change on its way: what to show around its review, and where to go afterwards. */
export interface Review {
  readonly section: SectionId
  readonly trail?: Head['trail']
  readonly draft: Draft
  /** Where the form posts to, and so does the review. */
  readonly action: string
  /** All that the form sent: it is sent again with the review, so that nothing is kept here and nothing typed is lost. */
  readonly fields: Values
  /** Where those go who do not want it. */
  readonly cancel: string
  /** Where to go when it was saved. */
  readonly done: string
  /** For forms beyond what others may have: the path must be allowed in `web.uploads`. */
  readonly multipart?: boolean
  /** Shown above: such as what a linter found. */
  readonly notes?: readonly Note[]
}

/**
 * What a POST of a form that is reviewed wants: `form` to be edited on (show it with what was sent), `preview` what it
 * would do, `save` to do it.
 */
export function stepOf(ctx: WebContext): 'form' | 'preview' | 'save' {
  const step = formField(ctx, 'step')
  return step === 'form' || step === 'save' ? step : 'preview'
}

/** Answers the POST of a form whose draft is good: shows what it would do, or does what was agreed to. */
export async function answerReview(
  web: Web,
  ctx: WebContext,
  changes: Pick<ChangesPort, 'preview' | 'apply'>,
  review: Review,
): Promise<void> {
  const why = formField(ctx, 'why').trim()
  const hash = formField(ctx, 'hash')
  if (stepOf(ctx) !== 'save' || hash === '') {
    const preview = await changes.preview(review.draft)
    return showReview(web, ctx, review, preview, { why })
  }
  const applied = await changes.apply(review.draft, hash, actorOf(ctx), why)
  if (applied.kind === 'done') {
    const { phones = 0, sequence } = applied.revision
    return goOn(web, ctx, review.done, `Saved as change ${count(sequence)}. ${savedText(phones)}`)
  }
  if (applied.kind === 'moved') {
    ctx.status = 409
    return showReview(web, ctx, review, applied.preview, { why, moved: true })
  }
  ctx.status = 422
  showReview(web, ctx, review, await changes.preview(review.draft), { why, errors: applied.errors })
}

interface Shown {
  readonly why: string
  readonly moved?: boolean
  readonly errors?: readonly FieldError[]
}

/** The page between a form and what it does. */
function showReview(web: Web, ctx: WebContext, review: Review, preview: Preview, shown: Shown): void {
  const { section, trail, draft, action, fields, cancel, multipart = false } = review
  const title = preview.changed === 0 ? 'No phone’s file changes' : `${phonesText(preview.changed)} will change`
  const notes = [...(review.notes ?? []), ...preview.notes]
  const stopped = notes.some(({ tone }) => tone === 'error')
  const field = {
    ...{ name: 'why', label: 'Why', maxLength: LONGEST_WHY, wide: true },
    hint: 'For those who read the history later; may stay empty.',
  }
  showPage(web, ctx, {
    ...{ view: 'changes/review', title, section },
    data: {
      head: { title, lead: `${draft.summary}.`, ...(trail && { trail }) },
      ...previewView(web, preview, notes),
      moved: shown.moved ?? false,
      stopped,
      form: form(web, ctx, {
        ...{ action, cancel, multipart, submit: saveLabel(preview) },
        values: { why: shown.why },
        errors: shown.errors ?? [],
        sections: [{ fields: [field] }],
        hidden: { ...fields, hash: preview.hash, step: 'save' },
      }),
      // Without fields there is no form to go back to.
      back:
        Object.keys(fields).length > 0 &&
        form(web, ctx, {
          ...{ action, multipart, sections: [], submit: 'Edit further' },
          hidden: { ...fields, step: 'form' },
        }),
    },
  })
}

function saveLabel({ changed, idle }: Preview): string {
  if (idle) return 'Save all the same'
  return changed === 0 ? 'Save' : `Save: ${phonesText(changed)} will change`
}

/** For `views/changes/outcome`. */
export function previewView(web: Web, preview: Preview, notes: readonly Note[] = preview.notes): object {
  const { changed, phones, groups, others, moves, overtaken, disagreements, idle, milliseconds } = preview
  const now = web.port.now()
  return {
    idle,
    verdict: verdictOf(preview),
    groups: groups.map((group) => ({
      heading: `${phonesText(group.phones)}${group.lines.length === 0 ? ': the same lines in another order' : ''}`,
      lines: group.lines,
      example: exampleView(group.example),
      note: group.personal ? 'The lines of the others differ in what is theirs, such as names and numbers.' : '',
    })),
    others: others > 0 ? `${phonesText(others)} more change in further ways.` : '',
    moves: moves.map((move) => ({
      text: moveText(move.from, move.to, move.phones),
      reason: move.reason,
      example: exampleView(move.example),
    })),
    overtaken: overtaken.map(({ by, at, revision }) => ({
      by,
      moment: at > 0 ? web.time.moment(at, now) : undefined,
      href: revision === undefined ? '' : `/changes/${revision}`,
    })),
    disagreements: disagreements.map(({ key, said, example }) => ({ key, said, example: exampleView(example) })),
    notes,
    took: `${count(phones)} phones looked at, ${count(changed)} of them reached, in ${count(milliseconds)} ms.`,
  }
}

function verdictOf({ idle, changed }: Preview): { tone: string; icon: string; text: string } {
  if (idle) return { tone: 'info', icon: 'note', text: 'Nothing differs from what is there already.' }
  if (changed === 0)
    return { tone: 'info', icon: 'note', text: 'It can be saved; no phone that is known gets another file.' }
  return { tone: 'warn', icon: 'warn', text: 'Nothing is saved yet. Phones get their new file at their next check.' }
}

function exampleView({ mac, name }: { readonly mac: string; readonly name: string }): object {
  return { name: name === mac ? formatMac(mac as Parameters<typeof formatMac>[0]) : name, href: `/devices/${mac}` }
}

function moveText(from: string, to: string, phones: number): string {
  const who = phonesText(phones)
  if (to === '') return `${who} would get no file any more`
  return from === '' ? `${who} would get a file, from “${to}”` : `${who} would go from “${from}” to “${to}”`
}

function savedText(phones: number): string {
  return phones === 0 ? 'No phone’s file changed.' : `${phonesText(phones)} get another file at the next check.`
}

export function phonesText(phones: number): string {
  return `${count(phones)} ${phones === 1 ? 'phone' : 'phones'}`
}
