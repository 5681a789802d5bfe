// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { NoExtras, Web, WebState } from '#web/context'
import type { BackupPort } from '#web/ports/backup'
import { backupRoutes } from './backup.ts'
import { backupListRoutes } from './list.ts'

/** `/backup` and below. */
export function backupPages(web: Web, backups: BackupPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  backupListRoutes(web, backups, router)
  backupRoutes(web, backups, router)
  return router
}
