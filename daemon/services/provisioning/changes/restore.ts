// SPDX-License-Identifier: Apache-2.0
import type { Draft, Note, Revision } from '#daemon/domain/provisioning/revision'
import type { Store } from '#daemon/store/store'
import { phones, pinnedFiles, scopes, users } from '#daemon/store/tables'
import type { Restored } from '#web/ports/changes'
import type { History } from './history.ts'

/** Records on which others depend: putting an old one back could tear them apart. */
const WHOLE: Readonly<Record<string, string>> = {
  [scopes.name]: 'Regions and sites are one tree, in which others may have built since: change it on its own page.',
  [users.name]: 'People are changed on their own pages.',
  [pinnedFiles.name]: 'The file itself is not kept once it is unpinned: pin it again on the phone’s page.',
  [phones.name]: 'A phone reports itself: change what people say of it on its own page.',
}

/** The way back to what was before a revision: a draft like any other. */
export function wayBack(revision: Revision, store: Pick<Store, 'get'>, history: Pick<History, 'writerOf'>): Restored {
  const { sequence, summary, subject, records } = revision
  if (records.length === 0) return impossible('What it changed was too large to keep.')
  const whole = records.map(({ table }) => WHOLE[table]).find((reason) => reason !== undefined)
  if (whole !== undefined) return impossible(whole)
  const notes = records.flatMap(({ table, key, after }): Note[] => {
    const now: unknown = store.get<unknown>({ name: table }, key)?.value
    if (JSON.stringify(now) === JSON.stringify(after)) return []
    const writer = history.writerOf(table, key)
    const since = writer && writer.revision !== sequence ? ` by ${writer.by} (change ${writer.revision})` : ''
    return [{ tone: 'warning', where: '', text: `It was changed again since${since}: that is undone, too.` }]
  })
  const changes = records.map(({ table, key, before }) => {
    return { table, key, value: before, expect: store.get({ name: table }, key)?.revision ?? ('absent' as const) }
  })
  const draft: Draft = { summary: `Go back to before change ${sequence}: ${summary}`, subject, changes, notes }
  return { kind: 'draft', draft }
}

function impossible(reason: string): Restored {
  return { kind: 'impossible', reason }
}
