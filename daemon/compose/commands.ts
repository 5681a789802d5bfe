// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import type { Config } from '#config/schema'
import { partOf } from '#daemon/lifecycle'
import { readSecret } from '#daemon/secrets'
import { AtHome } from '#daemon/services/at-home'
import { type CommandSettings, Commands } from '#daemon/services/commands/commands'
import { SipWay, type SipWaySettings } from '#daemon/services/commands/sip-way'
import { subnetsOf } from '#daemon/settings'
import type { KeepalivePort } from '#protocols/keepalive/port'
import type { SipCaller } from '#protocols/sip/port'
import type { Foundation } from './foundation.ts'

/** What phones are told to do: by SIP, or in the answers to their keep-alives. */
export function composeCommands(base: Foundation, fleet: KeepalivePort, caller: SipCaller, credentials?: string) {
  const { configuration, store, now, announce, onFault, listen } = base
  const sipSettings = (config: Config): SipWaySettings => {
    const { port, user, password } = config.commands.sip
    const text = password && readSecret(password, 'commands.sip.password', { CREDENTIALS_DIRECTORY: credentials })
    return { port, credentials: user !== undefined && text !== undefined ? { user, password: text } : undefined }
  }
  let sip = sipSettings(base.config)
  configuration.follow('commands', (next) => {
    const fresh = sipSettings(next)
    return () => {
      sip = fresh
    }
  })
  const home = new AtHome(store, now)
  const commands = new Commands({
    home,
    ...{ store, fleet, now, announce, onFault, random: randomBytes },
    sip: new SipWay({
      home,
      caller,
      subnets: configuration.derive(subnetsOf),
      settings: () => sip,
    }),
    settings: configuration.derive(settingsOf),
  })
  listen((exchange) => commands.heard(exchange))
  return { parts: [partOf('commands', commands)], commands }
}

function settingsOf({ commands: { ways, expirySeconds, keepAlive } }: Config): CommandSettings {
  const { restart, check, updateFirmware, factoryReset } = keepAlive
  return {
    ways,
    expirySeconds,
    words: {
      ...{ restart, ...(check && { check }) },
      ...(updateFirmware && { 'update firmware': updateFirmware }),
      ...(factoryReset && { 'factory reset': factoryReset }),
    },
  }
}
