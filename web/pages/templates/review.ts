// SPDX-License-Identifier: Apache-2.0
import type { Note } from '#daemon/domain/provisioning/revision'
import type { Web, WebContext } from '#web/context'
import { answerReview, type Review } from '#web/pages/changes/review'
import type { ChangesPort } from '#web/ports/changes'
import type { FieldError } from '#web/ports/saved'
import type { Drafted } from '#web/ports/templates'

export interface DraftReview extends Omit<Review, 'draft'> {
  /** Shows the form again. */
  readonly refuse: (errors: readonly FieldError[]) => void
  readonly gone: () => void
  readonly notes?: readonly Note[]
}

/** Reviews what a form would change; a form that is refused, or whose thing is gone, gets its own answer. */
export async function reviewDraft(
  web: Web,
  ctx: WebContext,
  changes: ChangesPort,
  drafted: Drafted,
  { refuse, gone, ...review }: DraftReview,
): Promise<void> {
  if (drafted.kind === 'unknown') return gone()
  if (drafted.kind === 'refused') {
    ctx.status = 422
    return refuse(drafted.errors)
  }
  const { draft, instead = {} } = drafted
  await answerReview(web, ctx, changes, { ...review, draft, fields: { ...review.fields, ...instead } })
}
