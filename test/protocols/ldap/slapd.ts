// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { subschema } from '#protocols/ldap/subschema'
import { here, type Running } from '#test/support/process'

/** OpenLDAP's server with a directory of its own on a free port of the loopback. */
export interface Slapd {
  readonly port: number
  readonly pid: number
  /** Ends it and removes its folder. */
  close(): Promise<void>
}

/** What slapd brings along and lets nobody define again. */
const BUILT_IN = new Set([
  ...['objectClass', 'name', 'cn', 'uid', 'description', 'subschemaSubentry', 'entryDN', 'namingContexts'],
  ...['supportedControl', 'supportedExtension', 'supportedFeatures', 'supportedLDAPVersion', 'vendorName'],
  ...['attributeTypes', 'objectClasses', 'top', 'subschema'],
])

/**
 * Starts slapd on `ldif` below `suffix`, with the schema that our own server publishes; `more` is added to the settings
 * of its database, `tls` to those of the whole server.
 */
export async function startSlapd(
  suffix: string,
  ldif: string,
  more: readonly string[] = [],
  tls: readonly string[] = [],
): Promise<Slapd> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-slapd-'))
  let running: Running | undefined
  const close = async () => {
    running?.kill('SIGTERM')
    await running?.ended
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await mkdir(join(folder, 'data'))
    await writeFile(join(folder, 'slapd.conf'), configuration(folder, suffix, more, tls))
    await writeFile(join(folder, 'data.ldif'), ldif)
    const config = ['-f', join(folder, 'slapd.conf')]
    await here.must('/usr/sbin/slapadd', [...config, '-q', '-l', join(folder, 'data.ldif')], { timeoutMs: 120_000 })
    const port = await freePort()
    running = here.start('/usr/sbin/slapd', [...config, '-h', `ldap://127.0.0.1:${port}`, '-d', 'stats'])
    await running.output(/slapd starting/)
    await answering(port)
    return { port, pid: running.pid, close }
  } catch (error) {
    await close()
    throw error
  }
}

function configuration(folder: string, suffix: string, more: readonly string[], tls: readonly string[]): string {
  const { attributeTypes, objectClasses } = subschema().operational
  return [
    `modulepath /usr/lib/ldap`,
    'moduleload back_mdb',
    'moduleload sssvlv',
    ...definitions('attributetype', attributeTypes),
    ...definitions('objectclass', objectClasses),
    `pidfile ${folder}/slapd.pid`,
    'loglevel none',
    'sizelimit unlimited',
    ...tls,
    'database mdb',
    'maxsize 1073741824',
    `suffix "${suffix}"`,
    `rootdn "cn=root,${suffix}"`,
    `directory ${folder}/data`,
    ...more,
    'index objectClass eq',
    'index cn,sn,givenName,displayName eq,sub',
    'index telephoneNumber,mobile,homePhone,ipPhone,facsimileTelephoneNumber,pager,otherTelephone eq,sub',
    'overlay sssvlv',
    '',
  ].join('\n')
}

function definitions(keyword: string, given: string | readonly string[] | undefined): string[] {
  const all = typeof given === 'string' ? [given] : (given ?? [])
  return all.filter((text) => !BUILT_IN.has(/'([^']+)'/.exec(text)?.[1] ?? '')).map((text) => `${keyword} ${text}`)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return reject(new Error('no port'))
      server.close(() => resolve(address.port))
    })
  })
}

/** It says that it starts some time before it listens. */
async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 250; tries++) {
    const socket = connect(port, '127.0.0.1')
    const open = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (open) return
    await pause(20)
  }
  throw new Error('slapd does not listen')
}
