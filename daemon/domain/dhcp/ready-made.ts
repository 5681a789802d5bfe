// SPDX-License-Identifier: Apache-2.0
import type { SubOption } from '#protocols/lib/dhcp-option'
import type { ClassOptions, ClientClass, DhcpPlan, OptionSetting, Subnet } from './model.ts'

/** What a Skype for Business (or Lync) site tells its phones. */
export interface UcSettings {
  /** FQDN of the pool that runs the certificate provisioning web service. */
  readonly webServer: string
  /** FQDNs for option 120; the web server when there is none. */
  readonly sipServers: readonly string[]
  /** Path of the certificate provisioning web service. */
  readonly certificatePath: string
}

/** The phone fills in its own model where it is not known to us. */
const FIRMWARE = '<MODEL>.img'

/** Phones of ours, of every model; what they get depends on their subnet. No other client may have 160. */
const PHONE: ClientClass = {
  name: 'phone',
  when: { kind: 'phone' },
  options: [],
  readyMade: true,
  reserves: [160],
  // A phone without the time trusts no certificate.
  always: [42],
}

/** The names under which ready-made classes stand in the plan; the configuration cannot take them for its own. */
export const READY_MADE: readonly string[] = ['phone', 'ms-uc-client', 'cpe-ocphone']

/** The configured parts with the ready-made ones: these come first, so that a configured class may win over them. */
export function completePlan(parts: {
  readonly subnets: readonly Subnet[]
  readonly options?: readonly OptionSetting[]
  readonly classes?: readonly ClientClass[]
  readonly devices?: DhcpPlan['devices']
  readonly uc?: UcSettings | undefined
}): DhcpPlan {
  const { subnets, options = [], classes = [], devices = [], uc } = parts
  return {
    options,
    devices,
    classes: [PHONE, ucClient(uc), ocPhone(), ...classes],
    subnets: subnets.map((subnet) => ({
      ...subnet,
      classOptions: [...readyMadeOptions(subnet, uc), ...(subnet.classOptions ?? [])],
    })),
  }
}

/**
 * Clients of class MS-UC-Client get the certificate web service in option 43, and their SIP server in option 120
 * [RFC 3361 §3]. Theirs is the only option 43 that they see, as each class has its own sub-options.
 */
function ucClient(uc: UcSettings | undefined): ClientClass {
  return {
    name: 'ms-uc-client',
    when: { kind: 'vendorClass', text: 'MS-UC-Client', prefix: false },
    options: uc ? ucOptions(uc, undefined) : [],
    readyMade: true,
  }
}

/** Phones that ask for their VLAN only. */
function ocPhone(): ClientClass {
  const when = { kind: 'vendorClass', text: 'CPE-OCPHONE', prefix: false } as const
  return { name: 'cpe-ocphone', when, options: [], readyMade: true }
}

function readyMadeOptions(subnet: Subnet, uc: UcSettings | undefined): ClassOptions[] {
  const { voiceVlan, provisioningUrl, tftpServer } = subnet
  const phone = [...always(160, provisioningUrl), ...always(66, tftpServer), ...always(67, FIRMWARE)]
  const all: ClassOptions[] = [{ name: 'phone', options: phone }]
  if (voiceVlan === undefined) return all
  if (uc) all.push({ name: 'ms-uc-client', options: ucOptions(uc, voiceVlan) })
  const vlan: SubOption = { code: 10, value: { type: 'uint16', value: voiceVlan } }
  return [...all, { name: 'cpe-ocphone', options: [vendorOptions([vlan])] }]
}

/** The VLAN is decimal text here, and two bytes for CPE-OCPHONE: each as its clients read it. */
function ucOptions(
  { webServer, sipServers, certificatePath }: UcSettings,
  voiceVlan: number | undefined,
): OptionSetting[] {
  const texts: [number, string][] = [
    [1, 'MS-UC-Client'],
    [2, 'https'],
    [3, webServer],
    [4, '443'],
    [5, certificatePath],
  ]
  if (voiceVlan !== undefined) texts.push([10, String(voiceVlan)])
  return [
    vendorOptions(texts.map(([code, value]) => ({ code, value: { type: 'text', value } }))),
    { code: 120, value: { type: 'sip', value: sipServers.length > 0 ? sipServers : [webServer] } },
  ]
}

function vendorOptions(value: readonly SubOption[]): OptionSetting {
  return { code: 43, value: { type: 'tlv', value } }
}

function always(code: number, value: string): OptionSetting[] {
  return value === '' ? [] : [{ code, value: { type: 'text', value }, always: true }]
}
