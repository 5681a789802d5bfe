// SPDX-License-Identifier: Apache-2.0
import type { Draft, Preview } from '#daemon/domain/provisioning/revision'
import type { Web, WebContext } from '#web/context'
import type { Values } from '#web/kit/form'
import { answerReview } from '#web/pages/changes/review'
import type { Applied, ChangesPort } from '#web/ports/changes'
import type { ScopeAnswer } from '#web/ports/scopes'
import { CONFLICT, SCOPES, SCOPES_TRAIL } from './words.ts'

/** An edit of a region or site that changes phones' files. */
interface ScopeReview {
  readonly draft: Draft
  readonly preview: Preview
  readonly fields: Values
  readonly apply: (by: string, why: string) => Promise<ScopeAnswer>
}

/** The review of it. The tree is saved by its own service, which keeps what must hold in it. */
export async function answerScopeReview(
  web: Web,
  ctx: WebContext,
  changes: ChangesPort,
  { draft, preview, fields, apply }: ScopeReview,
): Promise<void> {
  const desk: Pick<ChangesPort, 'preview' | 'apply'> = {
    preview: async () => preview,
    async apply(_, hash, by, why): Promise<Applied> {
      if (hash !== preview.hash) return { kind: 'moved', preview }
      const answer = await apply(by, why)
      if (answer.kind === 'refused') {
        const { field, reason } = answer.refusal
        return { kind: 'refused', errors: [{ field, message: reason }] }
      }
      if (answer.kind !== 'done') return { kind: 'refused', errors: [{ field: '', message: CONFLICT }] }
      const [revision] = changes.revisions({
        subject: `scope/${answer.scope.id}`,
        by,
        text: '',
        page: 1,
        pageSize: 1,
      }).rows
      if (!revision) throw new Error('a change of the tree was saved without its history')
      return { kind: 'done', revision: { ...revision, phones: preview.changed } }
    },
  }
  await answerReview(web, ctx, desk, {
    ...{ section: 'scopes', trail: SCOPES_TRAIL, draft, action: ctx.path, fields, cancel: SCOPES, done: SCOPES },
  })
}
