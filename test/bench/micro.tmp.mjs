import { readFileSync } from 'node:fs'
import { Entries } from '#daemon/services/directory/entries'
import { Tree } from '#daemon/services/directory/tree'
import { View } from '#daemon/services/directory/view'
import { decodeRequest } from '#protocols/ldap/codec'
import { compile, evaluate } from '#protocols/ldap/filter'

const tree = new Tree('dc=example,dc=com')
const entries = new Entries()
for (const c of JSON.parse(readFileSync('/tmp/ldapwork/contacts.json')))
  entries.put(c.id, { branch: 'contacts', entry: tree.entry('contacts', c.id, c.attributes), region: '', owner: '' })
const reqs = JSON.parse(readFileSync('/tmp/ldapwork/reqs.json'))
const view = new View(tree, entries, { identity: '' })
const time = (name, f, n = 300) => {
  for (let i = 0; i < 100; i++) f()
  const a = process.cpuUsage()
  for (let i = 0; i < n; i++) f()
  const u = process.cpuUsage(a)
  console.log(name.padEnd(30), ((u.user + u.system) / n / 200).toFixed(2), 'µs')
}
for (const kind of ['number', 'three']) {
  const bytes = reqs[kind].map((h) => Buffer.from(h, 'hex'))
  time(kind + ' decode', () => {
    for (const b of bytes) decodeRequest(b)
  })
  const ops = bytes.map((b) => decodeRequest(b).op)
  time(kind + ' compile', () => {
    for (const o of ops) compile(o.filter)
  })
  const conds = ops.map((o) => compile(o.filter))
  time(kind + ' select', () => {
    for (const c of conds) entries.select(c)
  })
  let cand = 0,
    steps = 0
  time(kind + ' cursor', () => {
    for (const c of conds) {
      const cur = entries.select(c)
      let k = 0
      for (let n = cur.seek(0); n < 2 ** 31 - 1; n = cur.seek(n + 1)) {
        cand++
        if (++k > 50) break
      }
    }
  })
  console.log('candidates', cand / 25 / 200)
  const base = ['dc=example', 'dc=com']
  time(kind + ' view.search', () => {
    for (const c of conds) {
      let k = 0
      for (const e of view.search({ base, scope: 'sub', condition: c })) if (++k > 50) break
    }
  })
  time(kind + ' +evaluate', () => {
    for (const c of conds) {
      let k = 0
      for (const e of view.search({ base, scope: 'sub', condition: c })) {
        if (e && evaluate(c, e.attributes) && ++k > 50) break
      }
    }
  })
}
