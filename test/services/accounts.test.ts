// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { Accounts } from '#daemon/services/accounts'
import { accounts as table } from '#daemon/store/tables'
import { freshStore } from '#test/support/store'

const OWN = 'correct horse battery'

async function accountsOf(store: Awaited<ReturnType<typeof freshStore>>) {
  const lines: string[] = []
  const accounts = new Accounts(
    store,
    () => 1_000,
    (id, fields) => lines.push(JSON.stringify({ id, ...fields })),
  )
  return { accounts, lines }
}

test('the one-time password signs in once chosen, is made anew at each start, and ends with an own password', async () => {
  const store = await freshStore()
  const first = await (await accountsOf(store)).accounts.oneTimePassword()
  const { accounts } = await accountsOf(store)
  const second = await accounts.oneTimePassword()
  if (!first || !second) throw new Error('no one-time password')
  expect(second.password).not.toBe(first.password)
  expect(await accounts.signIn('admin', first.password, '10.0.0.1')).toEqual({ kind: 'wrong' })
  expect(await accounts.signIn('Admin', second.password, '10.0.0.1')).toEqual({
    kind: 'welcome',
    account: { name: 'admin', mustChangePassword: true },
  })
  expect(await accounts.changePassword('admin', second.password, OWN)).toBeUndefined()
  expect(await accounts.oneTimePassword()).toBeUndefined()
  expect(await accounts.signIn('admin', OWN, '10.0.0.1')).toMatchObject({ account: { mustChangePassword: false } })
})

test('no password is kept or logged in clear', async () => {
  const store = await freshStore()
  const { accounts, lines } = await accountsOf(store)
  const one = await accounts.oneTimePassword()
  await accounts.signIn('admin', 'wrong-but-secret', '10.0.0.1')
  await accounts.changePassword('admin', one?.password ?? '', OWN)
  const kept = JSON.stringify([...store.entries(table)])
  for (const secret of [one?.password ?? '', 'wrong-but-secret', OWN]) {
    expect(kept).not.toContain(secret)
    expect(lines.join()).not.toContain(secret)
  }
})

test.each([
  ['too short', 'short'],
  ['too long', 'x'.repeat(257)],
])('a new password that is %s is refused with the reason', async (_, next) => {
  const { accounts } = await accountsOf(await freshStore())
  const one = await accounts.oneTimePassword()
  expect(await accounts.changePassword('admin', one?.password ?? '', next)).toMatch(/characters/)
  expect(await accounts.changePassword('admin', 'not it', OWN)).toMatch(/not right/)
  expect(await accounts.changePassword('nobody', 'not it', OWN)).toMatch(/not right/)
})

test('the sixth try on one account has to wait, even with the right password and from elsewhere', async () => {
  const { accounts } = await accountsOf(await freshStore())
  const one = await accounts.oneTimePassword()
  for (let i = 0; i < 5; i++) {
    expect(await accounts.signIn('admin', 'wrong', `10.0.0.${i}`)).toEqual({ kind: 'wrong' })
  }
  expect(await accounts.signIn('admin', one?.password ?? '', '10.0.9.9')).toMatchObject({ kind: 'wait' })
})
