// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { mibText } from '#protocols/snmp/mib'
import { DEFAULT_ARC } from '#protocols/snmp/objects'
import { CONFIG_FILE, readConfig } from './config-file.ts'
import { type CliIo, fail } from './io.ts'

/** `offhook snmp mib`: OFFHOOK-MIB below the configured arc, for managers to compile. */
export function snmpCommand(io: CliIo): Command {
  const mib = new Command('mib')
    .description('print OFFHOOK-MIB (SMIv2), e.g. into /usr/share/snmp/mibs/OFFHOOK-MIB.txt')
    .option('-c, --config <file>', 'the configuration that names the arc; without a file, the default arc')
    .action(({ config }: { readonly config?: string }) => {
      try {
        const isThere = config !== undefined || existsSync(CONFIG_FILE)
        io.stdout(mibText(isThere ? readConfig(config ?? CONFIG_FILE, io.environment).snmp.arc : DEFAULT_ARC))
      } catch (error) {
        fail(io, error)
      }
    })
  return new Command('snmp').description('for network management systems').addCommand(mib)
}
