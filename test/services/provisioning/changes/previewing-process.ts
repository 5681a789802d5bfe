// SPDX-License-Identifier: Apache-2.0
import { Vault } from '#daemon/services/vault'
import { levels } from '#daemon/store/tables'
import { deskAt } from './desk-at.ts'

// Previews a change in a folder, with a key, and saves it if told so; then waits to be killed.
const [folder = '', key = '', lines = '', deed = ''] = process.argv.slice(2)
const vault = new Vault()
vault.unlock(Buffer.from(key, 'hex'))
const { desk } = await deskAt(folder, vault)
const value = { values: {}, sealed: {}, lines, template: '' }
const draft = {
  ...{ summary: 'Set a line', subject: { kind: 'settings' as const, key: 'system', name: 'System' } },
  changes: [{ table: levels.name, key: 'system', value }],
}
const { hash } = await desk.preview(draft)
if (deed === 'save') console.log((await desk.apply(draft, hash, 'anna', '')).kind)
console.log(hash)
setInterval(() => {}, 60_000)
