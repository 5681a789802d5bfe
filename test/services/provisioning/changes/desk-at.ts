// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { builtInPlaceholders, shippedTemplates } from '#config/templates'
import { Alarms } from '#daemon/services/alarms/alarms'
import { AtHome } from '#daemon/services/at-home'
import { PhoneSettings } from '#daemon/services/directory/phone-settings'
import { NO_REGIONS } from '#daemon/services/directory/regions'
import type { FirmwareSource } from '#daemon/services/firmware/source'
import { PhoneAccess } from '#daemon/services/phone-secrets/access'
import { Guesses } from '#daemon/services/phone-secrets/guesses'
import { PersonalUrls } from '#daemon/services/phone-secrets/personal-urls'
import { ChangeDesk } from '#daemon/services/provisioning/changes/desk'
import { History, type HistorySettings } from '#daemon/services/provisioning/changes/history'
import { Previewer } from '#daemon/services/provisioning/changes/previewer'
import { Secrecy } from '#daemon/services/provisioning/changes/secrecy'
import { Programs } from '#daemon/services/provisioning/programs'
import { Provisioning } from '#daemon/services/provisioning/provisioning'
import { ServedDesk } from '#daemon/services/provisioning/served/desk'
import { ServedLog } from '#daemon/services/provisioning/served/log'
import { ServedTexts } from '#daemon/services/provisioning/served/texts'
import type { Vault } from '#daemon/services/vault'
import { LevelStore } from '#daemon/store/level-store'
import type { Ipv4 } from '#protocols/lib/ipv4'

export const KEPT: HistorySettings = { revisions: 100, days: 100 }

const NO_FIRMWARE: FirmwareSource = {
  fileFor: async () => ({ kind: 'refuse', status: 404, reason: 'there is none' }),
  has: async () => false,
} as unknown as FirmwareSource

/** The real parts on a real store, open, in a folder that is there. */
export async function deskAt(folder: string, vault: Vault, settings = KEPT) {
  const store = new LevelStore({ folder: join(folder, 'store') })
  await store.open()
  const clock = { now: Date.parse('2026-03-02T10:00:00Z') }
  const now = () => clock.now
  const programs = new Programs()
  const announce = () => {}
  const alarms = new Alarms(store, now, announce)
  // Every approved phone has proved to be itself: who may have what is tested elsewhere.
  const rules = { personalUrls: false, ownAddress: 'report', secretsOverTftp: true, secretsByMac: true } as const
  const access = new PhoneAccess({
    ...{ alarms, announce, rules: () => rules, home: new AtHome(store, now) },
    urls: new PersonalUrls({ store, vault, now, random: randomBytes }),
    guesses: new Guesses({ alarms, now, most: () => 100_000, pause: async () => {} }),
  })
  const phoneLdap = new PhoneSettings({
    ...{ store, vault, regions: NO_REGIONS, serverAddress: '' },
    own: { active: false, port: 389, baseDn: 'dc=example' },
  })
  const provisioning = new Provisioning({
    ...{ store, vault, now, programs, access, directory: phoneLdap, firmware: NO_FIRMWARE, subnets: [] },
    identify: () => undefined,
    serverAddress: '10.0.0.1' as Ipv4,
    ports: { files: 8080, keepAlive: 8081 },
    keepAliveMinutes: 60,
    shipped: shippedTemplates(),
    builtIn: builtInPlaceholders(),
  })
  const history = new History({ store, now, settings })
  await provisioning.start()
  await history.start()
  const secrecy = new Secrecy(
    () => vault.derive('changes/preview'),
    (sealed, place) => provisioning.openSecret(sealed, place),
  )
  const rendererOver = provisioning.imagined.bind(provisioning)
  const parts = { store, programs, secrecy, rendererOver }
  const desk = new ChangeDesk({ ...parts, history, announce: () => {} })
  const exhaustive = new Previewer({ ...parts, writerOf: () => undefined, exhaustive: true })
  const faults: unknown[] = []
  const texts = new ServedTexts(join(folder, 'served'), (error) => faults.push(error))
  const made = provisioning.made.bind(provisioning)
  const log = new ServedLog({
    ...{ store, texts, now, made, renderer: provisioning.renderer, home: new AtHome(store, now), keep: 3 },
    ...{ change: () => history.last, digest: (text: string) => secrecy.digest(text), onFault: (e) => faults.push(e) },
  })
  provisioning.tell((fetch) => log.note(fetch))
  await log.start()
  const versions = new Map<string, string>()
  const firmware = async ({ model }: { model: string }) => {
    const version = versions.get(model)
    return version === undefined ? undefined : { version }
  }
  const servedDesk = new ServedDesk({ store, log, made, firmware, now, renderer: provisioning.renderer })
  const close = async () => {
    await log.stop()
    provisioning.stop()
    history.stop()
    await store.close()
  }
  return {
    folder,
    store,
    vault,
    clock,
    programs,
    provisioning,
    phoneLdap,
    history,
    desk,
    exhaustive,
    close,
    servedDesk,
    texts,
    faults,
    versions,
  }
}
