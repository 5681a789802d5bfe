// SPDX-License-Identifier: Apache-2.0

import { ConfigError } from '#config/load'
import type { Config, SubnetConfig } from '#config/schema'
import type { Subnet } from '#daemon/domain/subnet'
import { type PhonePorts, phoneUrls } from '#daemon/vendors/audiocodes/urls'

/** Phones fetch files from the first listener; keep-alives go to port 8081, where old firmware sends them, or the last. */
export function phonePorts(config: Config): PhonePorts {
  const ports = config.http.listen.map(({ port }) => port)
  const [files = 80] = ports
  return { files, keepAlive: ports.includes(8081) ? 8081 : (ports.at(-1) ?? files) }
}

/** The subnets with everything filled in that follows from other settings. */
export function subnetsOf(config: Config): Subnet[] {
  return config.dhcp.subnets.map((subnet, index) => withServer(subnet, index, config))
}

function withServer(subnet: SubnetConfig, index: number, config: Config): Subnet {
  const serverAddress = subnet.serverAddress ?? config.server.address
  if (!serverAddress) {
    throw new ConfigError([`dhcp.subnets.${index}.serverAddress: set it, or server.address for all subnets`])
  }
  return {
    ...subnet,
    serverAddress,
    provisioningUrl: subnet.provisioningUrl ?? phoneUrls(serverAddress, phonePorts(config)).provisioning,
    tftpServer: subnet.tftpServer ?? serverAddress,
  }
}

/** The machine's own time zone, as an IANA name. */
export function localTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
