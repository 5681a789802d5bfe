// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import type { Draft, Preview } from '#daemon/domain/provisioning/revision'
import type { ScopeDraft } from '#daemon/domain/scope-rules'
import type { Change, Store } from '#daemon/store/store'
import type { ChangesPort } from '#web/ports/changes'
import type { ScopeAnswer, ScopeOutcome, ScopePreviewsPort, ScopesPort } from '#web/ports/scopes'

/** Tables that can be written to without harm. */
export interface Picture extends Store {
  written(): readonly Change[]
}

/** The tree of a picture, with all that follows a change of it. */
export interface PictureScopes extends Pick<ScopesPort, 'add' | 'change' | 'remove'> {
  /** Waits for what follows, and ends. */
  stop(): Promise<void>
}

export interface ScopePreviewsOptions {
  readonly picture: () => Picture
  readonly scopesOf: (tables: Store) => Promise<PictureScopes>
  readonly changes: Pick<ChangesPort, 'preview'>
}

/** Nobody: what is done to a picture is told to nobody. */
const NOBODY = ''

/**
 * What an edit of regions and sites would do to phones' files: it is made upon a picture of the tables by the services that
 * make it for good, and what they wrote there is looked at.
 */
export class ScopePreviews implements ScopePreviewsPort {
  readonly #options: ScopePreviewsOptions

  constructor(options: ScopePreviewsOptions) {
    this.#options = options
  }

  save(id: string | undefined, draft: ScopeDraft, version: number): Promise<ScopeOutcome> {
    return this.#thoughtOf(`${id === undefined ? 'Add' : 'Change'} the ${draft.kind} “${draft.name}”`, (scopes) =>
      id === undefined ? scopes.add(draft, NOBODY) : scopes.change(id, draft, version, NOBODY),
    )
  }

  remove(id: string, version: number): Promise<ScopeOutcome> {
    return this.#thoughtOf('Remove', (scopes) => scopes.remove(id, version, NOBODY))
  }

  async #thoughtOf(summary: string, edit: (scopes: PictureScopes) => Promise<ScopeAnswer>): Promise<ScopeOutcome> {
    const { picture, scopesOf, changes } = this.#options
    const tables = picture()
    const scopes = await scopesOf(tables)
    const answer = await edit(scopes).finally(() => scopes.stop())
    if (answer.kind !== 'done') return answer
    const { id, name } = answer.scope
    const draft: Draft = { summary, subject: { kind: 'scope', key: id, name }, changes: tables.written() }
    const preview = await changes.preview(draft)
    return { kind: 'preview', draft, preview: { ...preview, hash: outcomeHash(preview) } }
  }
}

/** What it would do, by itself: a picture's own ids and seals are others each time. */
function outcomeHash({ milliseconds: _, hash: __, subject: ___, ...outcome }: Preview): string {
  return createHash('sha256').update(JSON.stringify(outcome)).digest('base64url')
}
