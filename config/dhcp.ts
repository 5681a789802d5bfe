// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod'
import { bytesOf, condition } from './condition.ts'
import { checkClasses, checkReservations } from './dhcp-checks.ts'
import {
  addressRange,
  checkPools,
  checkSubnets,
  cidr,
  endpoint,
  ipv4,
  live,
  mac,
  restart,
  scopePath,
  timeZone,
} from './fields.ts'
import { domainName, hexDigits, options, sharedOptions } from './option.ts'

const name = z.string().min(1).max(64)
const host = z.string().refine((text) => domainName(text) !== undefined, 'a host name is needed')

const pool = z.union([
  addressRange,
  z
    .strictObject({
      range: addressRange.meta(live('Range', 'First and last address: 10.1.1.10-10.1.1.250.')),
      exclude: z.array(addressRange).default([]).meta(live('Excluded', 'Ranges, or single addresses, never leased.')),
      classes: z.array(name).min(1).optional().meta(live('Classes', 'Only for clients of one of these classes.')),
      options: sharedOptions.meta(live('Options', 'For clients with an address of this pool.')),
    })
    .transform(({ range, exclude, classes, options }) => ({
      ...{ ...range, exclude, options },
      ...(classes && { classes }),
    })),
])

const reservation = z
  .strictObject({
    mac: mac.optional().meta(live('MAC', 'The client by its hardware address …')),
    clientId: z.string().optional().meta(live('Client identifier', '… or by option 61, in hex …')),
    circuitId: z.string().optional().meta(live('Circuit', '… or by the relay’s circuit: text, or 0x… .')),
    address: ipv4.optional().meta(live('Address', 'Always this one, in or out of the pools.')),
    hostname: z.string().min(1).max(63).optional().meta(live('Host name', 'Option 12.')),
    options: options.meta(live('Options', 'For this client in this subnet.')),
  })
  .transform(({ mac: byMac, clientId, circuitId, address, hostname, options }, ctx) => {
    const hex = clientId === undefined ? bytesOf(circuitId) : hexDigits(clientId)
    const keys = [byMac, clientId, circuitId].filter((key) => key !== undefined)
    if (keys.length !== 1 || (byMac === undefined && hex === undefined)) {
      ctx.addIssue({ code: 'custom', message: 'one of mac, clientId (hex) and circuitId (text or 0x…) is needed' })
    }
    const kind = clientId === undefined ? ('circuitId' as const) : ('clientId' as const)
    const by = byMac ? { kind: 'mac' as const, mac: byMac } : { kind, hex: hex ?? '' }
    return { by, options, ...(address && { address }), ...(hostname && { hostname }) }
  })

const subnet = z
  .strictObject({
    name: name.meta(live('Name', 'What people call this network, e.g. "voice Berlin".')),
    cidr: cidr.meta(live('Network', 'The network in CIDR form. The relay address (giaddr) picks the subnet.')),
    pools: z
      .array(pool)
      .default([])
      .meta(live('Pools', 'Addresses to lease, as first-last, or with further settings.')),
    serverAddress: ipv4.optional().meta(live('Server address', 'Our address as this subnet reaches it.')),
    routers: z.array(ipv4).default([]).meta(live('Routers', 'Option 3.')),
    dnsServers: z.array(ipv4).default([]).meta(live('DNS servers', 'Option 6.')),
    ntpServers: z.array(ipv4).default([]).meta(live('NTP servers', 'Option 42; also the time source in phone files.')),
    domainName: z.string().max(253).default('').meta(live('Domain name', 'Option 15.')),
    region: scopePath
      .optional()
      .meta(
        restart('Region', 'Name or path of the region or site here, e.g. Germany/Berlin; made at start if missing.'),
      ),
    timeZone: timeZone.optional().meta(live('Time zone', 'The region’s IANA name, for options 2 and 4.')),
    daylightSaving: z
      .enum(['dayOfWeek', 'fixedDate'])
      .default('dayOfWeek')
      .meta(live('Daylight saving', 'How phone files name the days when the clocks change.')),
    voiceVlan: z.int().min(1).max(4094).optional().meta(live('Voice VLAN', 'Option 43 for MS-UC-Client, CPE-OCPHONE.')),
    leaseSeconds: z
      .int()
      .min(60)
      .max(365 * 86_400)
      .default(86_400)
      .meta(live('Lease time', 'Seconds.')),
    provisioningUrl: z
      .string()
      .max(255)
      .optional()
      .meta(live('Provisioning URL', 'Option 160 for phones; made from the server address when left out.')),
    tftpServer: z
      .string()
      .max(255)
      .optional()
      .meta(live('Boot server', 'Option 66 for phones; the server address when left out.')),
    options: sharedOptions.meta(live('Options', 'For all clients of this subnet.')),
    classOptions: z
      .array(z.strictObject({ name, options }))
      .default([])
      .meta(live('Class options', 'What a class gets here, instead of what it gets everywhere.')),
    reservations: z.array(reservation).default([]).meta(live('Reservations', 'Clients that always get the same.')),
  })
  .superRefine(checkPools)
  .superRefine(checkReservations)

const clientClass = z.strictObject({
  name: name.meta(live('Name', 'Shown by explain, and named by pools.')),
  when: condition.meta(live('When', 'Which clients are in it.')),
  options: options.meta(live('Options', 'What they get.')),
})

const uc = z.strictObject({
  webServer: host.meta(live('Web server', 'FQDN of the pool with the certificate provisioning service.')),
  sipServers: z.array(host).default([]).meta(live('SIP servers', 'Option 120; the web server when left out.')),
  certificatePath: z
    .string()
    .regex(/^\/[!-~]{0,199}$/, 'a path of up to 200 ASCII characters is needed')
    .default('/CertProv/CertProvisioningService.svc')
    .meta(live('Certificate path', 'Of the certificate provisioning service.')),
})

const vlanEncoding = z.enum(['text', 'uint16'])

/** What no standard settles: each as the phones at hand read it. */
const phones = z.strictObject({
  urlUnasked: z
    .boolean()
    .default(true)
    .meta(live('Provisioning URL unasked', 'Phones get option 160 though they do not ask for it.')),
  ucVlan: vlanEncoding
    .default('text')
    .meta(live('VLAN for MS-UC-Client', 'Option 43 sub-option 10 as decimal text or two bytes.')),
  ocPhoneVlan: vlanEncoding
    .default('uint16')
    .meta(live('VLAN for CPE-OCPHONE', 'Option 43 sub-option 10 as decimal text or two bytes.')),
  vlanOption: z
    .enum(['none', 'text', 'uint16'])
    .default('none')
    .meta(live('VLAN by option 132', 'For phones that ask for it: not set, decimal text or two bytes.')),
})

const device = z.strictObject({
  mac: mac.meta(live('MAC', 'The device.')),
  options: options.meta(live('Options', 'What it gets wherever it is; they win over all others.')),
})

export const dhcp = z
  .strictObject({
    mode: z
      .enum(['server', 'options-only', 'off'])
      .default('off')
      .meta(
        live(
          'DHCP',
          'server leases addresses; options-only answers INFORM beside the server that does; off is silent.',
        ),
      ),
    listen: endpoint.prefault('0.0.0.0:67').meta(restart('DHCP listener', 'Address and port of the DHCP server.')),
    options: sharedOptions.meta(live('Global options', 'For all clients.')),
    classes: z.array(clientClass).default([]).meta(live('Classes', 'Clients with something in common.')),
    phones: phones.prefault({}).meta(live('Phones', 'What differs from phone to phone and no standard settles.')),
    uc: uc.optional().meta(live('Skype for Business', 'What clients of class MS-UC-Client are told.')),
    devices: z.array(device).default([]).meta(live('Devices', 'Options of single devices.')),
    subnets: z
      .array(subnet)
      .superRefine(checkSubnets)
      .default([])
      .meta(live('Subnets', 'The networks phones live in.')),
  })
  .superRefine(checkClasses)

export type DhcpConfig = z.output<typeof dhcp>
export type SubnetConfig = z.output<typeof subnet>
