// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import type { Logger } from 'pino'
import { shippedParameters } from '#config/catalogue'
import type { Config } from '#config/schema'
import { AlertsHandler } from '#protocols/alerts/handler'
import type { LinkSocket } from '#protocols/dhcp/server'
import { KeepaliveHandler } from '#protocols/keepalive/handler'
import { ProvisioningHandler } from '#protocols/provisioning/handler'
import { RedirectHandler } from '#protocols/provisioning/redirect'
import { tftpFiles } from '#protocols/provisioning/tftp-files'
import type { ProtocolServer } from '#protocols/server'
import { TftpServer } from '#protocols/tftp/server'
import { WebServer } from '#web/server'
import { putInPlace } from './backup/restore.ts'
import { composeAlarms } from './compose/alarms.ts'
import { composeApprovals } from './compose/approvals.ts'
import { composeArchive } from './compose/archive.ts'
import { composeBackup } from './compose/backup.ts'
import { composeChanges, composeHistory, composeServed } from './compose/changes.ts'
import { composeCommands } from './compose/commands.ts'
import { composeDhcp } from './compose/dhcp.ts'
import { composeDirectory } from './compose/directory.ts'
import { composeFiles } from './compose/files.ts'
import { composeFirmware } from './compose/firmware.ts'
import { composeFleet } from './compose/fleet.ts'
import { composeForwarding } from './compose/forwarding.ts'
import { composeFoundation } from './compose/foundation.ts'
import { composeJobs } from './compose/jobs.ts'
import { composePeople } from './compose/people.ts'
import { composePhoneHttp } from './compose/phone-http.ts'
import { composePhoneSecrets } from './compose/phone-secrets.ts'
import { composeRollouts, versionsOf } from './compose/rollouts.ts'
import { composeScopePreviews } from './compose/scope-previews.ts'
import { composeSip } from './compose/sip.ts'
import { composeSnmp } from './compose/snmp.ts'
import { composeSyslog } from './compose/syslog.ts'
import { composeTemplates } from './compose/templates.ts'
import { prepareDataFolder } from './data-folder.ts'
import { ParameterCatalogue } from './domain/provisioning/parameter.ts'
import { type Part, partOf } from './lifecycle.ts'
import { messageRows } from './message-catalogue.ts'
import { createMetrics } from './metrics.ts'
import { readings } from './readings.ts'
import { Accounts } from './services/accounts.ts'
import { Parameters } from './services/parameters.ts'
import { AddressWatch } from './services/watch/address-watch.ts'
import { ClockWatch } from './services/watch/clock-watch.ts'
import { localTimeZone } from './settings.ts'
import { supervise } from './supervisor.ts'
import { vaultKey } from './vault-key.ts'

/** What systemd passed. */
export interface Given {
  readonly dhcpLinks?: readonly LinkSocket[]
  /** Reads the configuration again; throws ConfigError. */
  readonly readConfig?: () => Config
  /** The folder of credentials. */
  readonly credentials?: string | undefined
  /** Goes into backups. */
  readonly configFile?: string | undefined
  /** The program and the arguments that start this Offhook again. */
  readonly self?: readonly string[] | undefined
}

/** The product, wired by hand: reading this is knowing what there is and who knows whom. Nothing runs yet. */
export function compose(config: Config, logger: Logger, now: () => number, given: Given = {}) {
  const { dhcpLinks = [], credentials, readConfig } = given
  const base = composeFoundation(config, logger, now, readConfig)
  const { store, alarms, vault, announce, observe, onFault } = base

  const { fleet, view, ...phones } = composeFleet(base)
  const recorded = composeHistory(base)
  const people = composePeople(base, view, recorded.history)
  const directory = composeDirectory(base, people.scopes, recorded.history, credentials)
  const syslog = composeSyslog(base)
  const secrets = composePhoneSecrets(base)
  const firmware = composeFirmware(base, people.scopes)
  const { phoneLdap } = directory
  const { files, auxiliary, pinned, redirects, nameCheck, ...provisioning } = composeFiles(base, {
    ...{
      scopes: people.scopes,
      directory: phoneLdap,
      logs: syslog.logs,
      firmware: firmware.serving,
      secrets,
      history: recorded.history,
    },
  })
  const served = composeServed(base, { ...provisioning, pinned, firmware, history: recorded.history })
  const changes = composeChanges(base, provisioning, recorded.history)
  const parameters = new Parameters(new ParameterCatalogue(shippedParameters()))
  const dhcp = composeDhcp(base, dhcpLinks)
  const sip = composeSip(base)
  const telling = composeCommands(base, fleet, sip.caller, credentials)
  const approvals = composeApprovals(base, { fleet, view, people, commands: telling.commands })
  const working = composeJobs(base, {
    ...{ people, approvals, commands: telling.commands, versionFor: versionsOf(base, firmware) },
    hasTemplate: (id) => provisioning.provisioning.renderer.templates.has(id),
  })
  const rolling = composeRollouts(base, { fleet, scopes: people.scopes, firmware, ...telling, ...working })
  const alarming = composeAlarms(base, fleet, people.scopes, { files, ...firmware })
  const copies = composeBackup(base, given)
  const accounts = new Accounts(store, now, announce, (name, from) => alarming.signIns.throttled(name, from))
  const snmp = composeSnmp(base, { fleet: () => view.summary(), leased: dhcp.leased }, credentials)
  const forwarding = composeForwarding(base, alarming.scopes, credentials, snmp.engine)

  const tftp = new TftpServer({ listen: config.tftp.listen, port: tftpFiles(files), observe })
  const http = composePhoneHttp(base, [
    new KeepaliveHandler(telling.commands),
    new AlertsHandler(alarming.phoneAlarms),
    new ProvisioningHandler(files),
    new RedirectHandler(redirects),
  ])
  const phoneServers: ProtocolServer[] = [
    ...(config.tftp.enabled ? [tftp] : []),
    ...http.servers,
    ...directory.servers,
    ...sip.servers,
    ...snmp.servers,
    ...syslog.servers,
  ]

  const localToken = randomBytes(32).toString('base64url')
  const web = new WebServer({
    ...{ listen: config.web.listen, timeZone: config.web.timeZone ?? localTimeZone(), onFault },
    port: {
      ...{ fleet: view, accounts, now, localToken },
      ...{ scopes: people.scopes, users: people.users, peopleFiles: people.peopleFiles },
      scopePreviews: composeScopePreviews(store, people.networks, changes.desk, directory.reseal),
      commands: telling.commands,
      personalUrls: secrets.urls,
      auxiliary,
      pinned,
      ...{ changes: changes.desk, served: served.desk },
      redirects,
      nameCheck,
      approvals,
      ...{ jobs: working.jobs, devices: working.devices, rollouts: rolling.rollouts },
      archive: composeArchive(base, people, provisioning.provisioning, recorded.history),
      firmware: firmware.desk,
      directory: directory.desk,
      servers: () => serving().map((server) => ({ name: server.name, health: server.health() })),
      alarms: () => alarms.active(),
      alarmDesk: alarming.desk,
      phoneLogs: syslog.logs,
      parameters,
      ...composeTemplates(base, provisioning, parameters),
      forwarding: forwarding.port,
      configuration: base.configuration,
      backup: copies.backups,
      messages: messageRows(),
      dhcpDesk: dhcp.desk,
      explain: (mac) => dhcp.explain.of(mac),
      metrics: () => metrics.expose(),
      storeTrouble: () => store.trouble(),
    },
  })
  const fixed: ProtocolServer[] = [...phoneServers, web]
  const serving = () => (dhcp.switched.isOn ? [dhcp.switched.server, ...fixed] : fixed)
  const metrics = createMetrics(serving, [
    ...readings(store, view, alarms),
    ...dhcp.readings,
    ...alarming.readings,
    ...forwarding.readings,
    ...syslog.readings,
    ...copies.readings,
    ...working.readings,
    ...http.readings,
  ])
  base.listen((exchange) => metrics.exchange(exchange))
  base.listenToWrites((write) => metrics.stored(write))

  const data: Part = {
    name: 'data',
    async start() {
      await prepareDataFolder(config.data.folder)
      const aside = await putInPlace(config.data.folder)
      if (aside !== undefined) announce('backup.restored', { aside })
      vault.unlock(await vaultKey(config.data.folder, credentials))
      await firmware.prepare()
      await store.open()
    },
    stop: () => store.close(),
  }
  const services = [
    snmp,
    forwarding,
    recorded,
    people,
    phones,
    firmware,
    provisioning,
    served,
    secrets,
    dhcp,
    directory,
    telling,
    working,
    rolling,
    alarming,
    syslog,
    http,
    copies,
  ].flatMap(({ parts }) => parts)
  const reach = new AddressWatch({ alarms, servers: () => serving().map(listening), present: presentAddresses })
  const clock = new ClockWatch({ alarms, announce, now, steady: () => performance.now() })
  const supervised = fixed.map((server) => supervise(server, alarms, announce))
  const parts: Part[] = [
    data,
    ...services,
    dhcp.switched,
    ...supervised,
    partOf('addresses', reach),
    partOf('clock', clock),
  ]
  return {
    parts,
    serving,
    configuration: base.configuration,
    auxiliary,
    pinned,
    redirects,
    accounts,
    announce,
    alarms,
    localToken,
  }
}

function listening(server: ProtocolServer): { readonly name: string; readonly addresses: readonly string[] } {
  return { name: server.name, addresses: server.health().endpoints.map(({ address }) => address) }
}

function presentAddresses(): ReadonlySet<string> {
  return new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)))
}

export type Offhook = ReturnType<typeof compose>
