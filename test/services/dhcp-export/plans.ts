// SPDX-License-Identifier: Apache-2.0

import { loadConfig } from '#config/load'
import { completePlan } from '#daemon/domain/dhcp/ready-made'
import type { Subnet } from '#daemon/domain/subnet'
import { type ExportPlan, exportPlan } from '#daemon/services/dhcp-export/plan'
import { planOf as planOfConfig } from '#daemon/settings'
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

const SOME = `
server: { address: 10.99.0.1 }
dhcp:
  devices: [{ mac: "00:90:8f:00:00:09", options: [{ option: 15, value: device.example }] }]
  classes:
    - name: lobby
      when: { any: [{ vendorClass: Lobby* }, { userClass: hall }] }
      options: [{ option: log-servers, value: 10.99.0.5 }, { option: 43, type: hex, value: "0x0101ff", always: true }]
    - name: everything
      when:
        all:
          - { any: [{ oui: "00:90:8f" }, { mac: "02:0" }, { vendorClass: "it's \\"a\\" (b)" }] }
          - { not: { any: [{ phone: true }, { remoteId: west }, { all: [{ circuitId: a1 }, { model: C4* }] }] } }
      options: [{ option: 66, value: 10.99.0.8 }]
    - name: here
      when: { subnet: voice, model: C450HD }
      options: [{ option: 224, type: text, value: x }]
  subnets:
    - name: voice
      cidr: 10.99.0.0/24
      pools: [{ range: 10.99.0.50-10.99.0.59, exclude: [10.99.0.55], classes: [lobby, phone] }]
      reservations:
        - { mac: "00:90:8f:12:34:56", address: 10.99.0.20, hostname: reception, options: [{ option: 160, value: "http://a/" }] }
        - { clientId: "0x00616263", address: 10.99.0.21 }
        - { circuitId: lobby-2, address: 10.99.0.22 }
        - { mac: "00:90:8f:12:34:57", options: [{ option: 15, value: desk.example }] }
`

export function planOf(...subnets: readonly Subnet[]): ExportPlan {
  return exportPlan(completePlan({ subnets, uc: UC }), encodeOption)
}

/** What some clients only get, in every way that a configuration can say it. */
export const SOME_ONLY = exportPlan(planOfConfig(loadConfig(SOME, 'offhook.yaml', {}), 0), encodeOption)
