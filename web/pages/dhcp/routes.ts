// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import type { NoExtras, Web, WebState } from '#web/context'
import type { DhcpDesk } from '#web/ports/dhcp'
import { dhcpClassRoutes } from './classes.ts'
import { dhcpExplainRoutes } from './explain.ts'
import { dhcpLeaseFileRoutes } from './lease-files.ts'
import { dhcpLeaseRoutes } from './leases.ts'
import { dhcpOverviewRoutes } from './overview.ts'
import { dhcpServerRoutes } from './servers.ts'
import { dhcpSubnetRoutes } from './subnet.ts'
import { dhcpTesterRoutes } from './tester.ts'

/** Every page of DHCP. */
export function dhcpRoutes(web: Web, desk: DhcpDesk): Router<WebState, NoExtras>[] {
  const all = [dhcpOverviewRoutes, dhcpSubnetRoutes, dhcpClassRoutes, dhcpLeaseRoutes, dhcpLeaseFileRoutes]
  return [...all, dhcpTesterRoutes, dhcpServerRoutes].map((routes) => routes(web, desk)).concat(dhcpExplainRoutes(web))
}
