// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import type { NoExtras, Web, WebState } from '#web/context'
import type { ScopesPort } from '#web/ports/scopes'
import type { UsersPort } from '#web/ports/users'
import { ownershipRoutes } from './ownership.ts'
import { userRoutes } from './user.ts'
import { userListRoutes } from './users.ts'

/** The pages of people and their phones. */
export function usersRoutes(web: Web, users: UsersPort, scopes: ScopesPort): Router<WebState, NoExtras>[] {
  return [userListRoutes, userRoutes, ownershipRoutes].map((routes) => routes(web, users, scopes))
}
