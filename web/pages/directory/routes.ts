// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import type { NoExtras, Web, WebState } from '#web/context'
import type { DirectoryPort } from '#web/ports/directory'
import { accountsRoutes } from './accounts.ts'
import { contactRoutes } from './contact.ts'
import { contactsRoutes } from './contacts.ts'
import { importRoutes } from './import.ts'
import { phonesRoutes } from './phones.ts'
import { tryRoutes } from './try.ts'
import { upstreamsRoutes } from './upstreams.ts'

/** The pages of the phonebook. */
export function directoryRoutes(web: Web, directory: DirectoryPort): Router<WebState, NoExtras>[] {
  return [contactsRoutes, contactRoutes, importRoutes, accountsRoutes, upstreamsRoutes, phonesRoutes, tryRoutes].map(
    (routes) => routes(web, directory),
  )
}
