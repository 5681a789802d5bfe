// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '#config/schema'
import { builtInPlaceholders, shippedTemplates } from '#config/templates'
import { identify } from '#daemon/vendors/audiocodes/identify'
import { DhcpServer, type LinkSocket } from '#protocols/dhcp/server'
import { PhoneHttpServer } from '#protocols/http/server'
import { KeepaliveHandler } from '#protocols/keepalive/handler'
import { LdapServer } from '#protocols/ldap/server'
import { files as filesOf } from '#protocols/provisioning/answer'
import { ProvisioningHandler } from '#protocols/provisioning/handler'
import { tftpFiles } from '#protocols/provisioning/tftp-files'
import type { ProtocolServer } from '#protocols/server'
import { TftpServer } from '#protocols/tftp/server'
import { WebServer } from '#web/server'
import { prepareDataFolder } from './data-folder.ts'
import { createJournal, faultText } from './journal.ts'
import type { Part } from './lifecycle.ts'
import { createMetrics } from './metrics.ts'
import { dhcpReadings, readings } from './readings.ts'
import { Accounts } from './services/accounts.ts'
import { Addressing } from './services/addressing.ts'
import { Alarms } from './services/alarms.ts'
import { DhcpWatch } from './services/dhcp-watch.ts'
import { Directory } from './services/directory/directory.ts'
import { Explain } from './services/explain.ts'
import { FirmwareFiles } from './services/firmware.ts'
import { Fleet } from './services/fleet.ts'
import { StoreFleetView } from './services/fleet-view.ts'
import { Provisioning } from './services/provisioning.ts'
import { localTimeZone, phonePorts, planOf, subnetsOf } from './settings.ts'
import { LevelStore } from './store/level-store.ts'
import { supervise } from './supervisor.ts'

/** The product, wired by hand: reading this is knowing what there is and who knows whom. Nothing runs yet. */
export function compose(config: Config, logger: Logger, now: () => number, dhcpLinks: readonly LinkSocket[] = []) {
  const subnets = subnetsOf(config)
  const ports = phonePorts(config)
  const { zeroTouch, keepAliveMinutes, maxPending, disconnectedAfterMinutes } = config.fleet

  const onFault = (error: unknown) => announce('daemon.fault', { error: faultText(error) })
  const store = new LevelStore({ folder: join(config.data.folder, 'store'), onFault })
  const journal = createJournal(logger, now, [
    (exchange) => metrics.exchange(exchange),
    (exchange) => fleet.sighted(exchange),
  ])
  const { announce, observe } = journal

  const alarms = new Alarms(store, now, announce)
  const accounts = new Accounts(store, now, announce)
  const settings = { zeroTouch, keepAliveMinutes, maxPending, disconnectedAfterMinutes }
  const fleet = new Fleet({ store, now, identify, announce, settings })
  const view = new StoreFleetView(store, fleet, now)
  const localToken = randomBytes(32).toString('base64url')
  const watch = new DhcpWatch(alarms, now)
  const explain = new Explain(now)
  const { mode } = config.dhcp
  const addressing = new Addressing({
    ...{ store, now, identify, watch, explain },
    plan: planOf(config, now()),
    ...(mode === 'options-only' && { mode }),
  })
  const firmware = new FirmwareFiles(join(config.data.folder, 'firmware'))
  const provisioning = new Provisioning({
    ...{ store, now, identify, subnets, ports, firmware, keepAliveMinutes },
    serverAddress: config.server.address,
    templates: shippedTemplates(),
    builtIn: builtInPlaceholders(),
  })

  const files = filesOf(provisioning)
  const directory = new Directory({ store, alarms, announce, now, settings: config.ldap })

  const dhcp = new DhcpServer({ listen: config.dhcp.listen, links: dhcpLinks, port: addressing, observe })
  const tftp = new TftpServer({ listen: config.tftp.listen, port: tftpFiles(files), observe })
  const http = new PhoneHttpServer({
    listeners: config.http.listen.map((endpoint) => ({ endpoint })),
    handlers: [new KeepaliveHandler(fleet), new ProvisioningHandler(files)],
    observe,
  })
  const ldap = new LdapServer({ listen: config.ldap.listen, port: directory, observe })
  const phoneServers: ProtocolServer[] = [
    ...(mode === 'off' ? [] : [dhcp]),
    ...(config.tftp.enabled ? [tftp] : []),
    ...(config.http.enabled ? [http] : []),
    ...(config.ldap.enabled ? [ldap] : []),
  ]
  const web = new WebServer({
    ...{ listen: config.web.listen, timeZone: config.web.timeZone ?? localTimeZone(), onFault },
    port: {
      ...{ fleet: view, accounts, now },
      servers: () => servers.map((server) => ({ name: server.name, health: server.health() })),
      alarms: () => alarms.active(),
      explain: (mac) => explain.of(mac),
      localToken,
      metrics: () => metrics.expose(),
      storeTrouble: () => store.trouble(),
    },
  })
  const servers: ProtocolServer[] = [...phoneServers, web]
  const metrics = createMetrics(servers, [...readings(store, view, alarms), ...dhcpReadings(addressing, explain)])

  const data: Part = {
    name: 'data',
    async start() {
      await prepareDataFolder(config.data.folder)
      await firmware.prepare()
      await store.open()
      fleet.load()
      addressing.start()
      directory.start()
    },
    async stop() {
      directory.stop()
      addressing.stop()
      await fleet.flush()
      await store.close()
    },
  }
  const parts: Part[] = [data, ...servers.map((server) => supervise(server, alarms, announce))]
  return { parts, servers, accounts, announce, alarms, localToken }
}

export type Offhook = ReturnType<typeof compose>
