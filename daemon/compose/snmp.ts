// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Secret } from '#config/fields'
import { secretFault } from '#config/forwarding'
import { ConfigError } from '#config/load'
import type { Config } from '#config/schema'
import type { Part } from '#daemon/lifecycle'
import { readSecret } from '#daemon/secrets'
import { AgentPictures } from '#daemon/services/agent-picture'
import { beginBoot } from '#daemon/snmp-engine'
import { ipv4FromNumber } from '#protocols/lib/ipv4'
import { LocalEngine } from '#protocols/snmp/engine'
import type { AgentAccess, SnmpUser } from '#protocols/snmp/port'
import { SnmpServer } from '#protocols/snmp/server'
import type { FleetSummary } from '#web/port'
import type { Foundation } from './foundation.ts'

/** What the agent shows beside the alarms. */
interface Shown {
  readonly fleet: () => FleetSummary
  readonly leased: () => number
}

/** Who we are in SNMP, for senders and the agent alike, and the agent that managers read. */
export function composeSnmp(base: Foundation, shown: Shown, credentials: string | undefined) {
  const { config, store, alarms, observe } = base
  const { arc, contact, location, agent, engineId } = config.snmp
  const steady = () => performance.now()
  let engine: LocalEngine | undefined

  function theEngine(): LocalEngine {
    if (!engine) throw new Error('SNMP was asked for before its engine was started')
    return engine
  }

  const part: Part = {
    name: 'snmp engine',
    async start() {
      engine = new LocalEngine(await beginBoot(store, engineId, randomBytes), steady)
    },
    async stop() {},
  }
  const about = { name: hostname(), contact, location }
  const servers = agent.enabled
    ? [
        new SnmpServer({
          ...{ listen: agent.listen, arc, observe, random: randomBytes, engine: theEngine, description: 'Offhook' },
          port: new AgentPictures({ alarms, ...shown, about, now: steady }),
          access: agentAccess(config, credentials),
        }),
      ]
    : []
  return { parts: [part], servers, engine: theEngine }
}

/** Reads the secrets of those who may read. Throws ConfigError. */
function agentAccess(config: Config, credentials: string | undefined): AgentAccess {
  const { communities, users, sources } = config.snmp.agent
  const read = (field: string, secret: Secret, path: string): string => {
    const text = readSecret(secret, path, { CREDENTIALS_DIRECTORY: credentials })
    const fault = secretFault(field, text)
    if (fault !== undefined) throw new ConfigError([`${path}: ${fault}`])
    return text
  }
  return {
    communities: communities.map((secret, i) => read('community', secret, `snmp.agent.communities.${i}`)),
    users: users.map(({ name, authProtocol, authKey, privProtocol, privKey }, i): SnmpUser => {
      const key = (field: 'authKey' | 'privKey', secret: Secret) =>
        read(field, secret, `snmp.agent.users.${i}.${field}`)
      return {
        name,
        level: privProtocol ? 'authPriv' : authProtocol ? 'authNoPriv' : 'noAuthNoPriv',
        ...(authProtocol && authKey && { authProtocol, authKey: key('authKey', authKey) }),
        ...(privProtocol && privKey && { privProtocol, privKey: key('privKey', privKey) }),
      }
    }),
    sources: sources.map(({ network, prefix }) => `${ipv4FromNumber(network)}/${prefix}`),
  }
}
