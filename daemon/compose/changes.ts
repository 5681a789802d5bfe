// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { partOf } from '#daemon/lifecycle'
import { AtHome } from '#daemon/services/at-home'
import type { Wanted } from '#daemon/services/firmware/wanted'
import type { PinnedFiles } from '#daemon/services/pinned-files'
import { ChangeDesk } from '#daemon/services/provisioning/changes/desk'
import { History } from '#daemon/services/provisioning/changes/history'
import { Secrecy } from '#daemon/services/provisioning/changes/secrecy'
import type { Programs } from '#daemon/services/provisioning/programs'
import type { Provisioning } from '#daemon/services/provisioning/provisioning'
import { ServedDesk } from '#daemon/services/provisioning/served/desk'
import { ServedLog } from '#daemon/services/provisioning/served/log'
import { ServedTexts } from '#daemon/services/provisioning/served/texts'
import type { Foundation } from './foundation.ts'

/** What was changed of all that phones' files are made of; others record their changes in it. */
export function composeHistory({ config, store, now }: Foundation) {
  const history = new History({ store, now, settings: config.provisioning.history })
  return { parts: [partOf('history of changes', history)], history }
}

/** What phones are served, were served, and have. */
export function composeServed(
  { config, store, vault, now, onFault }: Foundation,
  { provisioning, firmware, history, pinned }: ServedParts,
) {
  const { renderer } = provisioning
  const texts = new ServedTexts(join(config.data.folder, 'served'), onFault)
  let key = ''
  const digest = (text: string) => {
    if (key === '') key = vault.derive('served/hash')
    return createHmac('sha256', key).update(text).digest('base64url').slice(0, 22)
  }
  const made = provisioning.made.bind(provisioning)
  const log = new ServedLog({
    ...{ store, renderer, texts, now, onFault, home: new AtHome(store, now) },
    keep: config.provisioning.history.filesPerPhone,
    change: () => history.last,
    made,
    digest,
  })
  provisioning.tell((fetch) => log.note(fetch))
  const desk = new ServedDesk({
    store,
    log,
    renderer,
    made,
    now,
    pinned,
    firmware: (phone) => firmware.wanted.by(phone),
  })
  return { parts: [partOf('served files', log)], desk }
}

interface ServedParts {
  readonly provisioning: Provisioning
  readonly firmware: { readonly wanted: Wanted }
  readonly history: History
  readonly pinned: Pick<PinnedFiles, 'get'>
}

/** Preview → save → history. */
export function composeChanges(
  { store, announce, vault }: Foundation,
  { provisioning, programs }: { readonly provisioning: Provisioning; readonly programs: Programs },
  history: History,
) {
  const secrecy = new Secrecy(
    () => vault.derive('changes/preview'),
    (sealed, place) => provisioning.openSecret(sealed, place),
  )
  const rendererOver = provisioning.imagined.bind(provisioning)
  return { desk: new ChangeDesk({ store, programs, secrecy, rendererOver, history, announce }) }
}
