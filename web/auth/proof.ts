// SPDX-License-Identifier: Apache-2.0
import { clientAddress, sessionOf, type Web, type WebContext } from '#web/context'

const LONGEST = 256

/**
 * Why somebody who is signed in has not proved it again with the password, in a sentence; undefined when it is right. It
 * goes through the same throttle as signing in, so that an open screen is no place to guess the password.
 */
export async function notProved(web: Web, ctx: WebContext, password: string): Promise<string | undefined> {
  if (password === '') return 'Enter your current password.'
  const { account } = sessionOf(ctx)
  const check = await web.port.accounts.signIn(account.name, password.slice(0, LONGEST), clientAddress(ctx))
  if (check.kind === 'wait') {
    return `Too many wrong tries. Wait ${Math.ceil(check.seconds)} seconds, then try again.`
  }
  return check.kind === 'wrong' ? 'This is not your current password.' : undefined
}
