// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod'
import { alarms } from './alarms.ts'
import { backup } from './backup.ts'
import { commands } from './commands.ts'
import { dhcp } from './dhcp.ts'
import { cidr, endpoint, ipv4, live, restart, timeZone } from './fields.ts'
import { http } from './http.ts'
import { ldap } from './ldap.ts'
import { provisioning } from './provisioning.ts'
import { snmp } from './snmp.ts'
import { syslog } from './syslog.ts'

/*
 * The one schema: validation, the settings form and the documentation all come from it. Objects are strict, so a
 * misspelt key is an error and never a silent default.
 */

const data = z.strictObject({
  folder: z
    .string()
    .min(1)
    .default('/var/lib/offhook')
    .meta(restart('Data folder', 'Where leases, phones, firmware and everything else worth keeping lives.')),
})

const server = z.strictObject({
  address: ipv4
    .optional()
    .meta(
      restart(
        'Server address',
        'Our address as phones reach it, written into their files. A subnet may name another. Never taken from a request.',
      ),
    ),
})

const web = z.strictObject({
  listen: endpoint
    .prefault('127.0.0.1:8090')
    .meta(restart('Admin listener', 'Where the admin interface, /readyz, /healthz and /metrics answer.')),
  timeZone: timeZone
    .optional()
    .meta(restart('Time zone', 'In which the pages show times, as an IANA name; by default the machine’s own.')),
})

const tftp = z.strictObject({
  enabled: z.boolean().default(true).meta(restart('TFTP', 'Serve the same files by TFTP.')),
  listen: endpoint.prefault('0.0.0.0:69').meta(restart('TFTP listener', 'Address and port of the TFTP server.')),
})

const sip = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .meta(restart('SIP plug and play', 'Tell phones that subscribe to ua-profile where their first file is.')),
  listen: endpoint
    .prefault('0.0.0.0:5060')
    .meta(
      restart(
        'SIP listener',
        'Address and UDP port; phones ask at port 5060, unless a relay or a rule leads them here.',
      ),
    ),
})

const fleet = z.strictObject({
  zeroTouch: z
    .boolean()
    .default(false)
    .meta(live('Zero touch', 'Approve a phone, and create its user, as soon as it reports itself registered.')),
  approve: z
    .array(
      z
        .strictObject({
          subnet: cidr.optional(),
          model: z
            .string()
            .regex(/^[A-Za-z0-9 ._-]{1,40}\*?$/, 'a model such as 440HD, or C4*')
            .optional(),
          oui: z
            .string()
            .regex(/^[0-9a-f]{2}([:-]?)[0-9a-f]{2}\1[0-9a-f]{2}$/i, 'six hex digits such as 00:90:8f')
            .transform((text) => text.replaceAll(/[:-]/g, '').toLowerCase())
            .optional(),
          region: z.string().max(256).default(''),
        })
        .refine(({ subnet, model, oui }) => subnet ?? model ?? oui, 'a rule needs a subnet, a model or an OUI'),
    )
    .max(200)
    .default([])
    .meta(live('Approval rules', 'Phones that report themselves and match one of these are let in, into its region.')),
  keepAliveMinutes: z
    .int()
    .min(1)
    .max(300)
    .default(60)
    .meta(live('Keep-alive period', 'Minutes between two reports of a phone (ems_server/keep_alive_period).')),
  disconnectedAfterMinutes: z
    .int()
    .min(1)
    .optional()
    .meta(live('Disconnected after', 'Minutes of silence; by default three periods, or one period and ten minutes.')),
  maxPending: z
    .int()
    .min(1)
    .default(20_000)
    .meta(live('Most unknown phones', 'How many unapproved phones are remembered before newcomers are turned away.')),
})

const firmware = z.strictObject({
  maxMegabytes: z
    .int()
    .min(1)
    .max(4_096)
    .default(512)
    .meta(live('Largest firmware file', 'Megabytes of one image that is uploaded.')),
})

const log = z.strictObject({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error'])
    .default('info')
    .meta(live('Log level', 'The least important lines to write; "debug" writes one for every request.')),
  format: z
    .enum(['json', 'text'])
    .default('json')
    .meta(restart('Log format', 'JSON for machines, or text for a terminal.')),
})

export const configSchema = z.strictObject({
  data: data.prefault({}).meta(live('Data', 'What is kept and where.')),
  server: server.prefault({}).meta(live('Server', 'How phones reach us.')),
  web: web.prefault({}).meta(live('Admin interface', 'The web pages and the API for people.')),
  http: http.prefault({}).meta(live('Phone HTTP', 'Files and keep-alives.')),
  provisioning: provisioning.prefault({}).meta(live('Provisioning', 'What phones’ files tell, and to whom.')),
  tftp: tftp.prefault({}).meta(live('TFTP', 'Files for boot loaders.')),
  dhcp: dhcp.prefault({}).meta(live('DHCP', 'Addresses and boot options.')),
  ldap: ldap.prefault({}).meta(live('LDAP', 'The directory that phones search while people type.')),
  sip: sip.prefault({}).meta(live('SIP', 'Where phones without option 160 ask for their profile.')),
  commands: commands.prefault({}).meta(live('Commands', 'What phones are told to do.')),
  fleet: fleet.prefault({}).meta(live('Fleet', 'Approval and presence.')),
  alarms: alarms.prefault({}).meta(live('Alarms', 'How long they are remembered, and where they go.')),
  snmp: snmp.prefault({}).meta(live('SNMP', 'The MIB, and the agent that shows it.')),
  syslog: syslog.prefault({}).meta(live('Phone logs', 'What phones log, and how much of it is kept.')),
  firmware: firmware.prefault({}).meta(live('Firmware', 'Images for phones.')),
  backup: backup.prefault({}).meta(live('Backups', 'Copies of everything.')),
  log: log.prefault({}).meta(live('Log', 'What is written to standard output.')),
})

export type Config = z.output<typeof configSchema>
