// SPDX-License-Identifier: Apache-2.0
import { bootHost } from '#daemon/domain/dhcp/boot-host'
import type { Evaluation } from '#daemon/domain/dhcp/evaluate'
import type { Subnet } from '#daemon/domain/subnet'
import type { BootFields } from '#protocols/dhcp/port'
import { parseIpv4 } from '#protocols/lib/ipv4'

/**
 * Options 66 and 67 for boot loaders that read the fixed header only: a phone in recovery mode is one. They cannot fill
 * in a model, and know nothing of a configuration's name behind `;`.
 */
export function bootFields({ options }: Evaluation, subnet: Subnet): BootFields {
  const text = (code: number) => {
    const value = options.find((option) => option.code === code)?.value
    return value?.type === 'text' ? value.value : undefined
  }
  const server = text(66)
  const file = text(67)?.split(';')[0] ?? ''
  if (server === undefined && file === '') return {}
  const host = bootHost(server ?? '')
  const isName = file !== '' && !file.includes('<')
  return {
    siaddr: parseIpv4(host) ?? subnet.serverAddress,
    sname: host.slice(0, 63),
    ...(isName && { file: file.slice(0, 127) }),
  }
}
