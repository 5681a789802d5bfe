// SPDX-License-Identifier: Apache-2.0
import type { Subnet } from '#daemon/domain/subnet'
import type { BootFields, GivenOption } from '#protocols/dhcp/port'
import { type Ipv4, netmask, parseIpv4 } from '#protocols/lib/ipv4'

/** How the phone itself writes its model in file names; it fills in what we do not know. */
const ANY_MODEL = '<MODEL>'

/** What every client of the subnet may ask for. */
export function subnetOptions(subnet: Subnet): GivenOption[] {
  const source = `subnet ${subnet.name}`
  const options: GivenOption[] = [{ code: 1, value: { type: 'ipv4', value: [netmask(subnet.cidr)] }, source }]
  const addresses = (code: number, value: readonly Ipv4[]) => {
    if (value.length > 0) options.push({ code, value: { type: 'ipv4', value }, source })
  }
  addresses(3, subnet.routers)
  addresses(6, subnet.dnsServers)
  if (subnet.domainName !== '') options.push({ code: 15, value: { type: 'text', value: subnet.domainName }, source })
  addresses(42, subnet.ntpServers)
  return options
}

/**
 * What a phone gets besides, asked for or not: 160 first (its URL wins over 66 and 67, which serve the boot loader), and
 * the subnet's 42, since a phone without the time trusts no certificate. 67 is the plain firmware name, the one form
 * that the manuals promise for it; the configuration's name then is the phone's own default, `<MAC>.cfg`.
 */
export function phoneOptions(subnet: Subnet, model: string): GivenOption[] {
  const source = 'class phone'
  const text = (code: number, value: string): GivenOption[] =>
    value === '' ? [] : [{ code, value: { type: 'text', value }, source, always: true }]
  return [
    ...text(160, subnet.provisioningUrl),
    ...text(66, subnet.tftpServer),
    ...text(67, firmwareFile(model || ANY_MODEL)),
    ...subnetOptions(subnet).map((option) => (option.code === 42 ? { ...option, always: true } : option)),
  ]
}

/** The same for boot loaders that read the fixed header only; they cannot fill in a model. */
export function phoneBootFields(subnet: Subnet, model: string): BootFields {
  const host = hostOf(subnet.tftpServer)
  return {
    siaddr: parseIpv4(host) ?? subnet.serverAddress,
    sname: host.slice(0, 63),
    ...(model !== '' && { file: firmwareFile(model) }),
  }
}

function firmwareFile(model: string): string {
  return `${model}.img`
}

/** Option 66 holds a host or a URL. */
function hostOf(server: string): string {
  return server.replace(/^[a-z]+:\/\//i, '').replace(/[/:].*$/, '')
}
