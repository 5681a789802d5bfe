// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { builtInPlaceholders, shippedTemplates } from '#config/templates'
import { partOf } from '#daemon/lifecycle'
import { AuxiliaryFiles } from '#daemon/services/auxiliary/files'
import { AuxiliaryServing } from '#daemon/services/auxiliary/serving'
import type { PhoneSettings } from '#daemon/services/directory/phone-settings'
import type { FirmwareServing } from '#daemon/services/firmware/serving'
import { NameCheck } from '#daemon/services/name-check'
import type { PhoneLogs } from '#daemon/services/phone-logs/phone-logs'
import { PinnedFiles } from '#daemon/services/pinned-files'
import type { ChangeLog } from '#daemon/services/provisioning/changes/history'
import { Programs } from '#daemon/services/provisioning/programs'
import { Provisioning } from '#daemon/services/provisioning/provisioning'
import { Redirects } from '#daemon/services/redirects'
import type { Scopes } from '#daemon/services/scopes/scopes'
import { phonePorts, subnetsOf } from '#daemon/settings'
import { identify } from '#daemon/vendors/audiocodes/identify'
import { phoneUrls } from '#daemon/vendors/audiocodes/urls'
import type { Mac } from '#protocols/lib/mac'
import { files as filesOf } from '#protocols/provisioning/answer'
import type { Foundation } from './foundation.ts'
import type { composePhoneSecrets } from './phone-secrets.ts'

/** What files are made of, beside templates and settings. */
interface Sources {
  readonly scopes: Scopes
  readonly directory: PhoneSettings
  readonly logs: PhoneLogs
  readonly firmware: FirmwareServing
  readonly history: ChangeLog
  readonly secrets: ReturnType<typeof composePhoneSecrets>
}

/** What phones fetch: their configuration and firmware, the same by HTTP and TFTP. */
export function composeFiles(
  { config, configuration, store, now, vault, announce }: Foundation,
  { scopes, directory, logs, firmware, secrets, history }: Sources,
) {
  const subnets = configuration.derive(subnetsOf)
  const programs = new Programs()
  const auxiliary = new AuxiliaryFiles({
    ...{ store, vault, now, announce, random: randomBytes },
    folder: join(config.data.folder, 'files'),
  })
  const pinned = new PinnedFiles({ store, vault, now, announce, history, folder: join(config.data.folder, 'pinned') })
  const provisioning: Provisioning = new Provisioning({
    ...{ store, vault, now, identify, firmware, directory },
    programs,
    ofAddress: (tree, address) => scopes.ofAddressIn(tree, address),
    get subnets() {
      return subnets()
    },
    ports: phonePorts(config),
    get keepAliveMinutes() {
      return configuration.current.fleet.keepAliveMinutes
    },
    serverAddress: config.server.address,
    access: secrets.access,
    needsOwnFirmwareUrl: (mac, model) => firmware.needsOwnUrl(mac, model),
    pinned,
    auxiliary: { fileFor: (request, asker) => serving.fileFor(request, asker) },
    accountPassword: secrets.account.accountPassword,
    get openPassword() {
      return secrets.account.openPassword
    },
    amend: (mac, file, server) => logs.amend(mac, file, server),
    shipped: shippedTemplates(),
    builtIn: builtInPlaceholders(),
  })
  const { access, home, guesses } = secrets
  const ports = phonePorts(config)
  const redirects = new Redirects({
    ...{ store, now, announce, home, guesses, isOn: () => configuration.current.provisioning.redirect },
    ourselves: (address) => {
      const place = provisioning.renderer.placeOf(address)
      return 'server' in place ? phoneUrls(place.server, ports).configuration : undefined
    },
  })
  const nameCheck = new NameCheck({ subnets, now })
  const levelsOf = (mac: Mac) => provisioning.renderer.levelsOf(mac)
  const serving = new AuxiliaryServing({ store, files: auxiliary, access, levelsOf })
  configuration.onReload('phones’ files', () => provisioning.renderer.forget())
  const parts = [
    partOf('provisioning', provisioning),
    partOf('auxiliary files', auxiliary),
    partOf('pinned files', pinned),
  ]
  return { parts, provisioning, programs, auxiliary, pinned, redirects, nameCheck, files: filesOf(provisioning) }
}
