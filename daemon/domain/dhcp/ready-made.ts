// SPDX-License-Identifier: Apache-2.0
import type { OptionValue, SubOption } from '#protocols/lib/dhcp-option'
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

/** How the number of a VLAN looks on the wire: decimal digits, or two bytes in network order. */
export type VlanEncoding = 'text' | 'uint16'

/** What no standard settles; the defaults are what we know of phones. */
export interface PhoneChoices {
  /** Phones get option 160 though they do not ask for it. */
  readonly urlUnasked: boolean
  /** Option 43 sub-option 10 for MS-UC-Client. */
  readonly ucVlan: VlanEncoding
  /** Option 43 sub-option 10 for CPE-OCPHONE. */
  readonly ocPhoneVlan: VlanEncoding
  /** Option 132, for phones that ask for it; not set by default. */
  readonly vlanOption: VlanEncoding | 'none'
}

const CHOICES: PhoneChoices = { urlUnasked: true, ucVlan: 'text', ocPhoneVlan: 'uint16', vlanOption: 'none' }

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
  readonly phones?: PhoneChoices
}): DhcpPlan {
  const { subnets, options = [], classes = [], devices = [], uc, phones = CHOICES } = parts
  return {
    options,
    devices,
    classes: [PHONE, ucClient(uc), ocPhone(), ...classes],
    subnets: subnets.map((subnet) => ({
      ...subnet,
      classOptions: [...readyMadeOptions(subnet, uc, phones), ...(subnet.classOptions ?? [])],
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
    options: uc ? ucOptions(uc) : [],
    readyMade: true,
  }
}

/** Phones that ask for their VLAN only. */
function ocPhone(): ClientClass {
  const when = { kind: 'vendorClass', text: 'CPE-OCPHONE', prefix: false } as const
  return { name: 'cpe-ocphone', when, options: [], readyMade: true }
}

function readyMadeOptions(subnet: Subnet, uc: UcSettings | undefined, choices: PhoneChoices): ClassOptions[] {
  const { voiceVlan, provisioningUrl, tftpServer } = subnet
  const url = always(160, provisioningUrl).map((option) => (choices.urlUnasked ? option : onlyIfAsked(option)))
  const phone = [...url, ...always(66, tftpServer), ...always(67, FIRMWARE)]
  if (voiceVlan === undefined) return [{ name: 'phone', options: phone }]
  const { vlanOption, ucVlan, ocPhoneVlan } = choices
  if (vlanOption !== 'none') phone.push({ code: 132, value: vlanValue(voiceVlan, vlanOption) })
  const ocPhone = vendorOptions([{ code: 10, value: vlanValue(voiceVlan, ocPhoneVlan) }])
  return [
    { name: 'phone', options: phone },
    ...(uc ? [{ name: 'ms-uc-client', options: ucOptions(uc, vlanValue(voiceVlan, ucVlan)) }] : []),
    { name: 'cpe-ocphone', options: [ocPhone] },
  ]
}

function vlanValue(vlan: number, encoding: VlanEncoding): OptionValue {
  return encoding === 'text' ? { type: 'text', value: String(vlan) } : { type: 'uint16', value: vlan }
}

function onlyIfAsked({ code, value }: OptionSetting): OptionSetting {
  return { code, value }
}

/** Sub-options 1 to 5 are text; 10 is the VLAN, where there is one. */
function ucOptions({ webServer, sipServers, certificatePath }: UcSettings, vlan?: OptionValue): OptionSetting[] {
  const texts: [number, string][] = [
    [1, 'MS-UC-Client'],
    [2, 'https'],
    [3, webServer],
    [4, '443'],
    [5, certificatePath],
  ]
  const subOptions: SubOption[] = texts.map(([code, value]) => ({ code, value: { type: 'text', value } }))
  if (vlan) subOptions.push({ code: 10, value: vlan })
  return [
    vendorOptions(subOptions),
    { code: 120, value: { type: 'sip', value: sipServers.length > 0 ? sipServers : [webServer] } },
  ]
}

function vendorOptions(value: readonly SubOption[]): OptionSetting {
  return { code: 43, value: { type: 'tlv', value } }
}

function always(code: number, value: string): OptionSetting[] {
  return value === '' ? [] : [{ code, value: { type: 'text', value }, always: true }]
}
