// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import type { NoExtras, Web, WebState } from '#web/context'
import type { FirmwarePort } from '#web/ports/firmware'
import type { ScopesPort } from '#web/ports/scopes'
import { firmwareImageRoutes } from './image.ts'
import { firmwareListRoutes } from './lists.ts'
import { firmwareModelRoutes } from './model.ts'
import { firmwareUploadRoutes } from './upload.ts'

/** The pages below `/firmware`. */
export function firmwareRoutes(web: Web, firmware: FirmwarePort, scopes: ScopesPort): Router<WebState, NoExtras>[] {
  return [
    firmwareListRoutes(web, firmware),
    firmwareUploadRoutes(web, firmware),
    firmwareModelRoutes(web, firmware, scopes),
    firmwareImageRoutes(web, firmware, scopes),
  ]
}
