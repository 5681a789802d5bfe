// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import type { NoExtras, Web, WebState } from '#web/context'
import type { ParametersPort } from '#web/ports/parameters'
import { parameterCheckRoutes } from './check.ts'
import { parameterDeltaRoutes } from './delta.ts'
import { parameterListRoutes } from './list.ts'

/** Pages below `/parameters`. */
export function parametersRoutes(web: Web, parameters: ParametersPort): Router<WebState, NoExtras>[] {
  return [parameterListRoutes(web, parameters), parameterCheckRoutes(web, parameters), parameterDeltaRoutes(web)]
}
