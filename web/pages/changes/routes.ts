// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import type { NoExtras, Web, WebState } from '#web/context'
import type { ChangesPort } from '#web/ports/changes'
import { changeListRoutes } from './list.ts'
import { placeholderRoutes } from './placeholders.ts'
import { revisionRoutes } from './revision.ts'

/** The history of changes. */
export function changesRoutes(web: Web, changes: ChangesPort): Router<WebState, NoExtras>[] {
  return [placeholderRoutes(web, changes), changeListRoutes(web, changes), revisionRoutes(web, changes)]
}
