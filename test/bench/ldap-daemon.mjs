// SPDX-License-Identifier: Apache-2.0
// The built directory alone in a process, for what it costs, in test/bench/ldap.ts: contacts come in as lines of JSON. Needs --expose-gc.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Alarms } from '#daemon/services/alarms/alarms'
import { Directory } from '#daemon/services/directory/directory'
import { LevelStore } from '#daemon/store/level-store'
import { put } from '#daemon/store/store'
import { contacts } from '#daemon/store/tables'

const BATCH = 1_000
const CHANGES = 1_000

const folder = await mkdtemp(join(tmpdir(), 'offhook-bench-'))
const store = new LevelStore({ folder })
await store.open()
const [now, announce] = [Date.now, () => {}]
const alarms = new Alarms(store, now, announce)
const settings = { baseDn: 'dc=example,dc=com', anonymous: true }
const directory = new Directory({ store, now, announce, alarms, settings })

const empty = resident()
let batch = []
for await (const line of createInterface(process.stdin)) {
  const contact = JSON.parse(line)
  batch.push(put(contacts, contact.id, contact))
  if (batch.length === BATCH) await save()
}
await save()
const stored = resident()
directory.start()
const residentBytes = { store: stored - empty, directory: resident() - stored }
process.stdout.write(`${JSON.stringify({ residentBytes, updateMs: await changeSome() })}\n`)

process.once('SIGTERM', async () => {
  directory.stop()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

async function save() {
  await store.commit(batch, { durable: false })
  batch = []
}

function resident() {
  globalThis.gc()
  return process.memoryUsage.rss()
}

/** Processor time to take in an entry with other names and numbers, the store's own work included; in ms. */
async function changeSome() {
  const all = [...store.entries(contacts)].map(({ value }) => value)
  const changes = Array.from({ length: CHANGES }, (_, i) => {
    const [one, other] = [all[(i * 7_919) % all.length], all[(i * 104_729 + 1) % all.length]]
    return put(contacts, one.id, { ...one, attributes: other.attributes })
  })
  const since = process.cpuUsage()
  await store.commit(changes, { durable: false })
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1_000 / CHANGES
}
