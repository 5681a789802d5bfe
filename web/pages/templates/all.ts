// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import { levelsApiRoutes } from '#web/api/levels'
import { templateMappingApiRoutes, templatesApiRoutes } from '#web/api/templates'
import type { NoExtras, Web, WebState } from '#web/context'
import { settingsRoutes } from '#web/pages/settings/routes'
import { templatesRoutes } from './routes.ts'

/** Templates, mapping and settings: pages and the same for programs. None without the desk that saves. */
export function templateAreaRoutes(web: Web): Router<WebState, NoExtras>[] {
  const { templates, levels, scopes, changes } = web.port
  if (!templates || !levels || !scopes || !changes) return []
  return [
    templatesApiRoutes(templates, changes),
    templateMappingApiRoutes(templates, changes),
    levelsApiRoutes(levels, changes),
    templatesRoutes(web, { templates, scopes, changes }),
    settingsRoutes(web, { levels, templates, scopes, changes }),
  ]
}
