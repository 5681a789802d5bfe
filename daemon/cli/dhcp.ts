// SPDX-License-Identifier: Apache-2.0
import { Command, Option } from 'commander'
import { exportPlan } from '#daemon/services/dhcp-export/plan'
import { EXPORT_TARGETS, type ExportTarget, exportFor } from '#daemon/services/dhcp-export/targets'
import { planOf } from '#daemon/settings'
import { encodeOption } from '#protocols/dhcp/options'
import { CONFIG_FILE, readConfig } from './config-file.ts'
import { type CliIo, fail } from './io.ts'

/** `offhook dhcp export`: for those who keep their own DHCP server, what to paste into it so that phones find us. */
export function dhcpCommand(io: CliIo): Command {
  const exporting = new Command('export')
    .description('print the classes and options that another DHCP server needs')
    .addOption(new Option('--for <server>', 'the other server').choices(EXPORT_TARGETS).makeOptionMandatory())
    .option('-c, --config <file>', 'the configuration with the subnets', CONFIG_FILE)
    .action((options: { readonly for: ExportTarget; readonly config: string }) => {
      try {
        const plan = planOf(readConfig(options.config, io.environment), Date.now())
        if (plan.subnets.length === 0)
          throw new Error('the configuration has no dhcp.subnets: name the networks of the phones')
        io.stdout(exportFor(options.for, exportPlan(plan, encodeOption)))
      } catch (error) {
        fail(io, error)
      }
    })
  return new Command('dhcp').description('DHCP beside your own server').addCommand(exporting)
}
