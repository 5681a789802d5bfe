// SPDX-License-Identifier: Apache-2.0
import { actorOf, type WebContext } from '#web/context'
import { answerFieldProblems, Problem } from '#web/http/problem'
import type { ChangesPort } from '#web/ports/changes'
import type { Drafted } from '#web/ports/templates'
import { bodyText, flag } from './parameters.ts'

/**
 * Makes a change, or with `?preview=true` only says what it would do. A body that names the `hash` of a preview is
 * refused with 409 when something moved since; `why` is kept in the history.
 */
export async function answerDraft(ctx: WebContext, changes: ChangesPort, drafted: Drafted): Promise<void> {
  if (drafted.kind === 'unknown') throw new Problem(404, 'There is no such thing to change.')
  if (drafted.kind === 'refused') {
    answerFieldProblems(ctx, 'It cannot be saved.', drafted.errors)
    if (drafted.findings) ctx.body = { ...(ctx.body as object), findings: drafted.findings }
    return
  }
  const { draft } = drafted
  const isPreview = flag(ctx, 'preview') ?? false
  const hash = isPreview ? '' : bodyText(ctx, 'hash')
  const why = isPreview ? '' : bodyText(ctx, 'why')
  const preview = hash === '' ? await changes.preview(draft) : undefined
  if (isPreview) {
    ctx.body = preview
    return
  }
  // Without a hash, what the edit was made upon is still guarded by its revision.
  if (preview && preview.overtaken.length > 0) {
    throw new Problem(409, 'Somebody else changed it meanwhile. Read it again, and make the edit upon that.')
  }
  const applied = await changes.apply(draft, preview?.hash ?? hash, actorOf(ctx), why)
  if (applied.kind === 'moved') throw new Problem(409, 'Something moved since the preview: look at it again.')
  if (applied.kind === 'refused') answerFieldProblems(ctx, 'It cannot be saved.', applied.errors)
  else ctx.body = { revision: applied.revision }
}
