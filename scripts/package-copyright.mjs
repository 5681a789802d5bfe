// SPDX-License-Identifier: Apache-2.0
// usr/share/doc/offhook/copyright, machine-readable (DEP-5): ours, and every package that comes along.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { giveUp, ROOT } from './setup.mjs'

const LEGAL = /^(?:licen[cs]e|copying)/i

export function copyrightText(packages, bundled) {
  const texts = new Map()
  const paragraphs = packages.map((one) => {
    const text = licenceOf(one)
    if (!texts.has(one.licence)) texts.set(one.licence, text)
    const holders = [...new Set(text.split('\n').map((line) => line.trim()))].filter(isHolder)
    return field({
      Files: `usr/lib/offhook/${one.place}/*`,
      Copyright: holders.length > 0 ? holders : [`the authors of ${one.name}`],
      License: one.licence.replaceAll(' ', '-'),
      Comment: `${one.name} ${one.version}`,
    })
  })
  const node = field({
    Files: 'usr/lib/offhook/node',
    Copyright: ['Node.js contributors', 'Joyent, Inc. and other Node contributors'],
    License: 'Node.js',
    Comment: `Node.js ${process.version}; the licences of what is inside are in LICENSE.node.gz beside this file.`,
  })
  const licences = [...texts].filter(([name]) => name !== 'Apache-2.0')
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: offhook\n',
    field({ Files: '*', Copyright: ['the Offhook authors'], License: 'Apache-2.0' }),
    ...paragraphs,
    ...(bundled ? [node, 'License: Node.js\n See LICENSE.node.gz beside this file.\n'] : []),
    'License: Apache-2.0\n On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n',
    ...licences.map(([name, text]) => `License: ${name.replaceAll(' ', '-')}\n${indented(text)}\n`),
  ].join('\n')
}

/** Node's own licence file, which says what else is inside. */
export function nodeLicence() {
  const prefix = dirname(dirname(process.execPath))
  const places = [join(prefix, 'LICENSE'), join(prefix, 'share/doc/nodejs/LICENSE'), '/usr/share/doc/nodejs/LICENSE']
  const found = [process.env.OFFHOOK_NODE_LICENSE, ...places].find((file) => file !== undefined && existsSync(file))
  if (found === undefined) giveUp('Node’s LICENSE file is not beside it: name it in OFFHOOK_NODE_LICENSE')
  return readFileSync(found)
}

function licenceOf({ place, licence }) {
  const file = readdirSync(join(ROOT, place)).find((name) => LEGAL.test(name))
  return file === undefined
    ? `(${licence}; the package has no file of it)`
    : readFileSync(join(ROOT, place, file), 'utf8')
}

function isHolder(line) {
  return /^(?:copyright\b|\(c\)|©)/i.test(line) && /\d{4}|contributors|authors/i.test(line) && line.length < 200
}

function field(values) {
  return Object.entries(values)
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join('\n ') : value}\n`)
    .join('')
}

function indented(text) {
  const lines = text
    .replaceAll(/[\r\f]/g, '')
    .trimEnd()
    .split('\n')
  return lines.map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`)).join('\n')
}
