// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod'
import { cronPattern, distinguishedName, endpoint, restart, secret } from './fields.ts'

const file = z.string().startsWith('/', 'the file needs its whole path')

/** A distinguished name of another directory, which is judged there. */
const foreignDn = z
  .string()
  .max(1_024)
  .regex(/^[^=,]+=[^\p{Cc}]*$/u, 'a name such as ou=people,dc=example,dc=com is needed')

/** Inclusive. */
const whole = (least: number, most: number, standard: number) => z.int().min(least).max(most).default(standard)

/** What Active Directory and inetOrgPerson call the attributes that we keep: the same as we do. */
const ATTRIBUTES = [
  ...['cn', 'sn', 'givenName', 'displayName', 'telephoneNumber', 'mobile', 'homePhone', 'ipPhone'],
  ...['facsimileTelephoneNumber', 'pager', 'otherTelephone', 'mail', 'title', 'o', 'ou', 'company', 'department', 'l'],
  'description',
] as const

const attributeMap = z
  .partialRecord(z.enum(ATTRIBUTES), z.string().regex(/^([A-Za-z][\w-]*)?$/, 'an attribute name is needed, or nothing'))
  .default({})

const upstream = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u, 'a name of letters, digits, blanks, dots and hyphens is needed')
      .refine((name) => name !== 'manual', '"manual" is the name of contacts that people write')
      .meta(restart('Name', 'What the phonebook calls it; its contacts show it as their source.')),
    url: z
      .string()
      .regex(/^ldaps?:\/\/[\w.[\]:-]+\/?$/, 'ldap://host, ldaps://host or one with a port is needed')
      .refine((text) => URL.canParse(text), 'this is no URL')
      .meta(restart('Server', 'ldap://host or ldaps://host, with its port if it is another than 389 or 636.')),
    startTls: z
      .boolean()
      .default(false)
      .meta(restart('StartTLS', 'Encrypt an ldap:// connection before the password.')),
    caFile: file.optional().meta(restart('Authority', 'PEM file of whoever signed its certificate.')),
    bindDn: z.string().min(1).max(1_024).optional().meta(restart('User', 'Its name to bind with; else anonymous.')),
    password: secret()
      .optional()
      .meta({ ...restart('Password', 'To bind with.'), secret: true }),
    base: foreignDn.meta(restart('Base', 'Where its people are: everything below is read.')),
    filter: z
      .string()
      .max(1_024)
      .regex(/^\(.*\)$/s, 'a filter in brackets is needed')
      .default('(|(objectClass=inetOrgPerson)(objectCategory=person))')
      .meta(restart('Filter', 'Which entries are taken; by default the people of OpenLDAP or Active Directory.')),
    attributes: attributeMap.meta(
      restart('Attributes', 'What it calls our attributes, where that differs; empty leaves one out.'),
    ),
    pageSize: whole(1, 10_000, 500).meta(restart('Page', 'Entries that are asked for at a time.')),
    maxEntries: whole(1, 200_000, 100_000).meta(restart('Most entries', 'A larger directory is not taken.')),
    timeoutSeconds: whole(1, 3_600, 300).meta(restart('Longest run', 'Seconds; then the run has failed.')),
    region: z.string().max(64).default('').meta(restart('Region', 'Who sees them; empty for everybody.')),
    schedule: cronPattern.default('0 3 * * *').meta(restart('Schedule', 'When it is copied, as a cron pattern.')),
    keepWhenEmpty: z
      .boolean()
      .default(true)
      .meta(restart('Keep when empty', 'Remove nobody, and raise an alarm, when it suddenly has far fewer people.')),
    keepShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .meta(restart('Fewest people', 'Share of its people that must still be there, for the rule above.')),
  })
  .superRefine(({ url, startTls, bindDn, password }, ctx) => {
    if (startTls && url.startsWith('ldaps:')) {
      ctx.addIssue({ code: 'custom', path: ['startTls'], message: 'an ldaps:// connection is encrypted already' })
    }
    if ((bindDn === undefined) !== (password === undefined)) {
      ctx.addIssue({ code: 'custom', path: ['bindDn'], message: 'bindDn and password belong together' })
    }
  })

const upstreams = z
  .array(upstream)
  .max(50)
  .default([])
  .superRefine((all, ctx) => {
    for (const [index, { name }] of all.entries()) {
      if (all.findIndex((other) => other.name === name) === index) continue
      ctx.addIssue({ code: 'custom', path: [index, 'name'], message: `"${name}" is taken` })
    }
  })

const limits = z.strictObject({
  connections: whole(1, 60_000, 4_096).meta(restart('Connections', 'At a time, in all.')),
  connectionsPerPeer: whole(1, 60_000, 256).meta(restart('Connections of one address', 'Many phones may share one.')),
  operations: whole(1, 1_024, 32).meta(
    restart('Waiting requests', 'Of one connection; beyond it we read no further until some are done.'),
  ),
  messageBytes: whole(1_024, 1_048_576, 65_536).meta(restart('Longest message', 'Bytes.')),
  idleSeconds: whole(5, 86_400, 300).meta(restart('Idle time', 'Seconds after which a silent connection is closed.')),
})

const tls = z.strictObject({
  key: file.meta(restart('Key', 'PEM file; read again when it changes.')),
  cert: file.meta(restart('Certificate', 'PEM file, with those between it and its authority.')),
})

export const ldap = z
  .strictObject({
    enabled: z.boolean().default(false).meta(restart('LDAP directory', 'Let phones look names up.')),
    listen: endpoint.prefault('0.0.0.0:389').meta(restart('LDAP listener', 'Address and port of the LDAP server.')),
    tlsListen: endpoint.optional().meta(restart('LDAPS listener', 'Address and port for LDAP over TLS, usually 636.')),
    tls: tls.optional().meta(restart('TLS', 'Key and certificate, for LDAPS and for StartTLS.')),
    baseDn: distinguishedName
      .default('dc=offhook')
      .meta(restart('Base DN', 'Where the directory hangs: phones search below it.')),
    anonymous: z
      .boolean()
      .default(false)
      .meta(restart('Anonymous search', 'Phones may search without a name and a password.')),
    anonymousByRegion: z
      .boolean()
      .default(true)
      .meta(
        restart(
          'Anonymous by region',
          'Show anonymous phones only what belongs to the region of their subnet, or to everybody.',
        ),
      ),
    wrongPasswordsPerMinute: whole(1, 10_000, 20).meta(
      restart('Wrong passwords', 'That one address may try in a minute before it has to wait one; raises an alarm.'),
    ),
    limits: limits.prefault({}).meta(restart('Limits', 'What one client, or all of them, may take.')),
    upstreams: upstreams.meta(restart('Other directories', 'LDAP servers whose people are copied here.')),
  })
  .superRefine(({ tlsListen, tls }, ctx) => {
    if (!tlsListen || tls) return
    ctx.addIssue({ code: 'custom', path: ['tlsListen'], message: 'LDAPS needs ldap.tls.key and ldap.tls.cert' })
  })

export type LdapConfig = z.output<typeof ldap>
