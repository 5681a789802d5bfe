// SPDX-License-Identifier: Apache-2.0
import { completePlan } from '#daemon/domain/dhcp/ready-made'
import type { Subnet } from '#daemon/domain/subnet'
import { type ExportPlan, exportPlan } from '#daemon/services/dhcp-export/plan'
import { encodeOption } from '#protocols/dhcp/options'
import { ip, subnet } from '#test/domain/subnets'

const UC = { webServer: 'pool.example.com', sipServers: [], certificatePath: '/CertProv/CertProvisioningService.svc' }

export const VOICE = subnet('10.99.0.0/24', '10.99.0.10', '10.99.0.199', { ntpServers: [ip('10.99.0.3')] })

/** What an admin could write by mistake, and an attacker on purpose. */
export const ODD = subnet('10.98.0.0/16', '10.98.1.10', '10.98.1.199', {
  ...{ name: `it's "odd"\n} ; $(reboot) \u2028# end`, serverAddress: ip('10.98.0.1'), routers: [ip('10.98.0.254')] },
  ...{
    provisioningUrl: `http://10.98.0.1/a,b?c='\u2019"$x\\y;z`,
    tftpServer: 'tftp://boot.example.com/phones',
    voiceVlan: 20,
  },
})

export function planOf(...subnets: readonly Subnet[]): ExportPlan {
  return exportPlan(completePlan({ subnets, uc: UC }), encodeOption)
}
