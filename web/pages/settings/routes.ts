// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { type LevelKey, parseLevelKey } from '#daemon/domain/provisioning/level-settings'
import { formField, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { showMessage } from '#web/pages/message'
import { levelHref, SETTINGS } from '#web/pages/templates/words'
import { copyRoutes } from './copy.ts'
import { saveLevel, showLevel } from './level.ts'
import { showLevels } from './list.ts'
import type { SettingPages } from './ports.ts'

/** What is set for the system, templates, places, users and phones. */
export function settingsRoutes(web: Web, ports: SettingPages): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: SETTINGS })
  const look = (ctx: WebContext, key: LevelKey | undefined) => {
    const view = key && ports.levels.get(key)
    if (view) showLevel(web, ctx, ports, view)
    else gone(web, ctx)
  }
  const save = async (ctx: WebContext, key: LevelKey | undefined) => {
    const view = key && ports.levels.get(key)
    if (view) await saveLevel(web, ctx, ports, view)
    else gone(web, ctx)
  }

  router.get('/', (ctx) => showLevels(web, ctx, ports))
  /** To a level that is named by a form. */
  router.post('/', (ctx) => {
    const key = parseLevelKey(formField(ctx, 'key'))
    ctx.redirect(key ? levelHref(key) : SETTINGS)
    ctx.status = 303
  })
  copyRoutes(web, router, ports, (ctx) => gone(web, ctx))
  router.get('/system', (ctx) => look(ctx, 'system'))
  router.post('/system', (ctx) => save(ctx, 'system'))
  router.get('/:kind/:name', (ctx) => look(ctx, parseLevelKey(`${ctx.params.kind}/${ctx.params.name}`)))
  router.post('/:kind/:name', (ctx) => save(ctx, parseLevelKey(`${ctx.params.kind}/${ctx.params.name}`)))
  return router
}

function gone(web: Web, ctx: WebContext): void {
  showMessage(web, ctx, 404, {
    title: 'Nothing to set here',
    sentence: 'There is no such place, user, phone or template: somebody may have removed it.',
    section: 'templates',
    ways: [{ label: 'Settings', href: SETTINGS }],
  })
}
