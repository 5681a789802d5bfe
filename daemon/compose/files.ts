// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { builtInPlaceholders, shippedTemplates } from '#config/templates'
import type { PhoneSettings } from '#daemon/services/directory/phone-settings'
import { FirmwareFiles } from '#daemon/services/firmware/dropped'
import type { PhoneLogs } from '#daemon/services/phone-logs/phone-logs'
import { type Places, Provisioning } from '#daemon/services/provisioning'
import { phonePorts, subnetsOf } from '#daemon/settings'
import { identify } from '#daemon/vendors/audiocodes/identify'
import { files as filesOf } from '#protocols/provisioning/answer'
import type { Foundation } from './foundation.ts'

/** What phones fetch: their configuration and firmware, the same by HTTP and TFTP. */
export function composeFiles(
  { config, configuration, store, now }: Foundation,
  scopes: Places,
  directory: PhoneSettings,
  logs: PhoneLogs,
) {
  const firmware = new FirmwareFiles(join(config.data.folder, 'firmware'))
  const subnets = configuration.derive(subnetsOf)
  const provisioning = new Provisioning({
    ...{ store, now, identify, firmware, scopes, directory },
    get subnets() {
      return subnets()
    },
    ports: phonePorts(config),
    get keepAliveMinutes() {
      return configuration.current.fleet.keepAliveMinutes
    },
    serverAddress: config.server.address,
    amend: (mac, file, server) => logs.amend(mac, file, server),
    templates: shippedTemplates(),
    builtIn: builtInPlaceholders(),
  })
  return { firmware, files: filesOf(provisioning) }
}
