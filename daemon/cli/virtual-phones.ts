// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '#config/schema'
import { virtualImage } from '#daemon/simulator/firmware-image'
import { runFleet } from '#daemon/simulator/fleet'
import { MODELS } from '#daemon/simulator/identity'
import { ipv4FromNumber } from '#protocols/lib/ipv4'
import { type CliIo, fail } from './io.ts'

/**
 * The try-out's virtual phones: they boot through the sockets that real phones use, by way of a relay address in the
 * first subnet, and stay until the daemon stops. Then they go as in a power cut, so that the next start finds them.
 */
export async function virtualPhones(config: Config, phones: number, io: CliIo): Promise<void> {
  const [subnet] = config.dhcp.subnets
  if (!subnet || phones === 0) return
  const relayAddress = ipv4FromNumber(subnet.cidr.network + 1)
  const { address: server, port: dhcpPort } = config.dhcp.listen
  try {
    await runFleet({ phones, server, dhcpPort, relayAddress, rate: 2, stay: true }, { signal: io.signal })
  } catch (error) {
    if (!io.signal.aborted) fail(io, new Error(`the virtual phones could not boot: ${String(error)}`), 0)
  }
}

/** Gives each virtual model an image to compare its version with; an image that is there already stays. */
export async function virtualFirmware(dataFolder: string): Promise<void> {
  const folder = join(dataFolder, 'firmware')
  await mkdir(folder, { recursive: true })
  for (const [model, version] of Object.entries(MODELS)) {
    await writeFile(join(folder, `${model}.img`), virtualImage(model, version), { flag: 'wx' }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      },
    )
  }
}
