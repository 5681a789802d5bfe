// SPDX-License-Identifier: Apache-2.0
import { builtInPlaceholders, shippedTemplates } from '#config/templates'
import { partOf } from '#daemon/lifecycle'
import type { PhoneSettings } from '#daemon/services/directory/phone-settings'
import type { FirmwareSource } from '#daemon/services/firmware/source'
import type { PhoneLogs } from '#daemon/services/phone-logs/phone-logs'
import { Programs } from '#daemon/services/provisioning/programs'
import { Provisioning } from '#daemon/services/provisioning/provisioning'
import type { Scopes } from '#daemon/services/scopes/scopes'
import { phonePorts, subnetsOf } from '#daemon/settings'
import { identify } from '#daemon/vendors/audiocodes/identify'
import { files as filesOf } from '#protocols/provisioning/answer'
import type { Foundation } from './foundation.ts'
import type { composePhoneSecrets } from './phone-secrets.ts'

/** What files are made of, beside templates and settings. */
interface Sources {
  readonly scopes: Scopes
  readonly directory: PhoneSettings
  readonly logs: PhoneLogs
  readonly firmware: FirmwareSource
  readonly secrets: ReturnType<typeof composePhoneSecrets>
}

/** What phones fetch: their configuration and firmware, the same by HTTP and TFTP. */
export function composeFiles(
  { config, configuration, store, now, vault }: Foundation,
  { scopes, directory, logs, firmware, secrets }: Sources,
) {
  const subnets = configuration.derive(subnetsOf)
  const programs = new Programs()
  const provisioning = new Provisioning({
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
    accountPassword: secrets.account.accountPassword,
    get openPassword() {
      return secrets.account.openPassword
    },
    amend: (mac, file, server) => logs.amend(mac, file, server),
    shipped: shippedTemplates(),
    builtIn: builtInPlaceholders(),
  })
  configuration.onReload('phones’ files', () => provisioning.renderer.forget())
  const parts = [partOf('provisioning', provisioning)]
  return { parts, provisioning, programs, files: filesOf(provisioning) }
}
