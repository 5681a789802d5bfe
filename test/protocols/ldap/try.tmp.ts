import { LdapServer } from '#protocols/ldap/server'
import { Entries } from '#daemon/services/directory/entries'
import { Tree } from '#daemon/services/directory/tree'
import { View } from '#daemon/services/directory/view'
import { contact } from '#test/protocols/ldap/people'
const N = Number(process.argv[2] ?? 1000)
const tree = new Tree('dc=example,dc=com')
const entries = new Entries()
global.gc?.()
const rss0 = process.memoryUsage().rss
const t0 = performance.now()
for (let i = 0; i < N; i++) { const c = contact(i); entries.put(c.id, { branch: 'contacts', entry: tree.entry('contacts', c.id, c.attributes), region: '', owner: '' }) }
const t1 = performance.now()
global.gc?.()
console.log('load ms', t1 - t0, 'rss MB', (process.memoryUsage().rss - rss0) / 1e6, process.memoryUsage())
// update cost
const times: number[] = []
for (let k = 0; k < 2000; k++) { const i = (k * 7919) % N; const c = contact(i + 1e6); const a = performance.now(); entries.put(`c${i}`, { branch: 'contacts', entry: tree.entry('contacts', `c${i}`, c.attributes), region: '', owner: '' }); times.push(performance.now() - a) }
times.sort((a, b) => a - b)
console.log('update ms mean', times.reduce((a, b) => a + b) / times.length, 'p99', times[Math.floor(times.length * .99)], 'max', times.at(-1))
const server = new LdapServer({ listen: { address: '127.0.0.1', port: Number(process.argv[3] ?? 3389) }, observe: process.env.Q ? () => {} : (e) => console.log(JSON.stringify(e)), limits: { entries: 1_000_000, searchMs: 60_000 }, port: { bind: async (c) => ({ kind: 'view', view: new View(tree, entries, { identity: c.kind === 'simple' ? c.name.join(',') : '' }) }) } })
if (process.env.STAY) await server.start(new AbortController().signal)
console.log('up', server.health())
