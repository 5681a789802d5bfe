// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { NoExtras, Web, WebState } from '#web/context'
import type { AlarmsPort } from '#web/ports/alarms'
import { alarmActionRoutes } from './actions.ts'
import { alarmPageRoutes } from './alarm.ts'
import { alarmHistoryRoutes } from './history.ts'
import { alarmListRoutes } from './list.ts'
import { maintenanceRoutes } from './maintenance.ts'

/** `/alarms…`. The fixed addresses come first: an alarm's id could be anything. */
export function alarmsRoutes(web: Web, alarms: AlarmsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  alarmListRoutes(web, alarms, router)
  alarmHistoryRoutes(web, alarms, router)
  maintenanceRoutes(web, alarms, router)
  alarmPageRoutes(web, alarms, router)
  alarmActionRoutes(web, alarms, router)
  return router
}
