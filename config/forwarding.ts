// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod'
import { parseIpv4 } from '#protocols/lib/ipv4'
import { live, secret } from './fields.ts'

/** In the order of their numbers [RFC5424 §6.2.1]. */
export const FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', 'ntp'],
  ...['audit', 'alert', 'clock', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
]
const AUTH = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const
const PRIV = ['aes128', 'aes256', 'aes256c'] as const
const MAIL_PORTS = { starttls: 587, 'starttls-if-offered': 25, none: 25, tls: 465 } as const

/** Printable ASCII without a blank: what every manager can be told to send. */
const COMMUNITY = /^[\x21-\x7e]{1,64}$/
const ADDRESS = /^[^\s<>()",;:\\@\p{Cc}]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?$/iu

/** An IPv4 address, or a name that is looked up. */
export const host = z
  .string()
  .refine((text) => isHost(text), { error: ({ input }) => `"${input}" is neither an IPv4 address nor a host name` })
const port = z.int().min(1).max(65_535)
const plain = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'control characters have no place here')
const caFile = z.string().startsWith('/', 'the file needs its whole path').optional()
const mailAddress = z
  .string()
  .max(254)
  .regex(ADDRESS, { error: ({ input }) => `"${input}" is not a mail address such as noc@example.com` })

/** A community of versions 1 and 2c. */
export const community = secret(0).superRefine((value, ctx) => {
  if (typeof value === 'string' && !COMMUNITY.test(value)) {
    ctx.addIssue({ code: 'custom', message: 'a community has 1 to 64 printable ASCII characters and no blank' })
  }
})

/** A pass phrase of version 3 [RFC3414 §11.2]. */
export const passPhrase = secret(0).superRefine((value, ctx) => {
  if (typeof value === 'string' && (value.length < 8 || value.length > 256)) {
    ctx.addIssue({ code: 'custom', message: 'a pass phrase has 8 to 256 characters (RFC 3414)' })
  }
})

const signingKey = secret(16)
const token = secret(0).superRefine((value, ctx) => {
  if (typeof value === 'string' && !/^[\x21-\x7e]{1,4096}$/.test(value)) {
    ctx.addIssue({ code: 'custom', message: 'a token is printable ASCII without a blank' })
  }
})

const SECRETS: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ['community', community],
  ['authKey', passPhrase],
  ['privKey', passPhrase],
  ['signingKey', signingKey],
  ['token', token],
])

/** A user of version 3; a key without a protocol, or a protocol without a key, is a mistake. */
export const userFields = {
  user: plain(32).optional().meta(live('User', 'For version 3.')),
  authProtocol: z.enum(AUTH).optional().meta(live('Authentication', 'For version 3; without it nothing is proven.')),
  authKey: passPhrase.optional().meta({ ...live('Authentication key', 'At least 8 characters.'), secret: true }),
  privProtocol: z.enum(PRIV).optional().meta(live('Privacy', 'For version 3; without it everybody can read along.')),
  privKey: passPhrase.optional().meta({ ...live('Privacy key', 'At least 8 characters.'), secret: true }),
}

interface UserFields {
  readonly authProtocol?: unknown
  readonly authKey?: unknown
  readonly privProtocol?: unknown
  readonly privKey?: unknown
}

export function checkUser(value: UserFields, ctx: z.RefinementCtx): void {
  const need = (there: unknown, field: string, missing: unknown, message: string) => {
    if (there !== undefined && missing === undefined) ctx.addIssue({ code: 'custom', path: [field], message })
  }
  need(value.authProtocol, 'authKey', value.authKey, 'authentication needs a key')
  need(value.authKey, 'authProtocol', value.authProtocol, 'a key needs its protocol')
  need(value.privProtocol, 'privKey', value.privKey, 'privacy needs a key')
  need(value.privKey, 'privProtocol', value.privProtocol, 'a key needs its protocol')
  need(value.privProtocol, 'authProtocol', value.authProtocol, 'privacy needs authentication as well (RFC 3414)')
}

const filter = z.strictObject({
  leastSeverity: z
    .enum(['indeterminate', 'warning', 'minor', 'major', 'critical'])
    .default('indeterminate')
    .meta(live('Least severity', 'Alarms of this severity and graver ones.')),
  scopes: z.array(plain(128)).max(100).default([]).meta(live('Scopes', 'Alarms in one of these, or below it.')),
  names: z.array(plain(128)).max(100).default([]).meta(live('Names', 'Alarm names; * and ? stand for others.')),
  about: z.enum(['all', 'phones', 'appliance']).default('all').meta(live('About', 'Phones, the appliance, or both.')),
  events: z.boolean().default(false).meta(live('Events', 'What happened and is over, too.')),
  notes: z.boolean().default(false).meta(live('Notes', 'Acknowledgements and comments, too.')),
})

const common = {
  name: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._()-]*$/u, 'a name has letters, digits, blanks and . _ - ( )')
    .meta(live('Name', 'What people call it, e.g. "NMS Berlin".')),
  filter: filter.prefault({}).meta(live('Filter', 'Which alarms it gets; without it, all.')),
  ratePerSecond: z.number().min(0.01).max(10_000).optional().meta(live('Rate', 'Most messages in a second.')),
  resendAtStart: z.boolean().default(false).meta(live('Tell all at start', 'All active alarms, at each start.')),
}
const heartbeat = {
  heartbeatSeconds: z.int().min(5).max(86_400).optional().meta(live('Sign of life', 'Seconds between two of them.')),
}

const snmp = z
  .strictObject({
    kind: z.literal('snmp'),
    ...common,
    ...heartbeat,
    host: host.meta(live('Host', 'Address or name of the manager.')),
    port: port.default(162).meta(live('Port', 'UDP.')),
    version: z
      .preprocess((value) => (typeof value === 'number' ? String(value) : value), z.enum(['1', '2c', '3']))
      .default('2c')
      .meta(live('Version', 'Of SNMP.')),
    community: community.optional().meta({ ...live('Community', 'For versions 1 and 2c.'), secret: true }),
    ...userFields,
    inform: z
      .boolean()
      .optional()
      .meta(live('Inform', 'Wait for the manager’s answer; by default where it can give one.')),
    profile: z
      .enum(['ovoc', 'rfc3877', 'offhook'])
      .default('offhook')
      .meta(live('Profile', 'Whose OIDs: those of AudioCodes’ manager, of RFC 3877, or OFFHOOK-MIB.')),
    timeoutSeconds: z
      .number()
      .min(0.1)
      .max(60)
      .default(2)
      .meta(live('Timeout', 'Of an inform’s first try; it doubles.')),
    retries: z
      .int()
      .min(0)
      .max(10)
      .default(2)
      .meta(live('Retries', 'Tries of an inform after the first, before a pause.')),
  })
  .superRefine((value, ctx) => {
    const complain = (field: string, message: string) => ctx.addIssue({ code: 'custom', path: [field], message })
    if (value.version === '3') {
      if (value.user === undefined) complain('user', 'version 3 needs a user')
      if (value.community !== undefined) complain('community', 'version 3 has users, not communities')
      checkUser(value, ctx)
    } else {
      if (value.community === undefined) complain('community', `version ${value.version} needs a community`)
      if (value.user !== undefined) complain('user', `version ${value.version} has communities, not users`)
    }
    if (value.version === '1' && value.inform) complain('inform', 'version 1 has traps only')
  })

const mail = z
  .strictObject({
    kind: z.literal('mail'),
    ...common,
    host: host.meta(live('Host', 'The mail server.')),
    port: port.optional().meta(live('Port', 'By default 587 with STARTTLS, 465 with TLS, otherwise 25.')),
    security: z
      .enum(['starttls', 'starttls-if-offered', 'tls', 'none'])
      .default('starttls')
      .meta(live('Security', 'STARTTLS insisted on, used where offered, TLS from the start, or none.')),
    caFile: caFile.meta(live('Authorities', 'A PEM file, where the server’s certificate is signed by your own.')),
    user: plain(256).optional().meta(live('User', 'To sign in with.')),
    password: secret()
      .optional()
      .meta({ ...live('Password', 'To sign in with.'), secret: true }),
    from: mailAddress.meta(live('From', 'Our own address.')),
    to: z.array(mailAddress).min(1).max(50).meta(live('To', 'Who gets the mail.')),
    digestMinutes: z.int().min(1).max(1_440).optional().meta(live('Digest', 'At most one mail in so many minutes.')),
  })
  .superRefine(({ user, password, security }, ctx) => {
    const complain = (field: string, message: string) => ctx.addIssue({ code: 'custom', path: [field], message })
    if ((user === undefined) !== (password === undefined)) {
      complain(user === undefined ? 'user' : 'password', 'user and password go together')
    }
    if (password !== undefined && security !== 'starttls' && security !== 'tls') {
      complain('security', 'a password is only sent over starttls or tls')
    }
  })

const syslog = z.strictObject({
  kind: z.literal('syslog'),
  ...common,
  ...heartbeat,
  host: host.meta(live('Host', 'The collector.')),
  port: port.optional().meta(live('Port', 'By default 514, or 6514 with TLS.')),
  transport: z.enum(['udp', 'tcp', 'tls']).default('tcp').meta(live('Transport', 'UDP loses what the network loses.')),
  caFile: caFile.meta(live('Authorities', 'A PEM file, where the collector’s certificate is signed by your own.')),
  facility: z.enum(FACILITIES).default('local0').meta(live('Facility', 'As the collector sorts by it.')),
})

const webhook = z.strictObject({
  kind: z.literal('webhook'),
  ...common,
  ...heartbeat,
  url: z
    .string()
    .max(2_000)
    .superRefine((text, ctx) => {
      const fault = urlFault(text)
      if (fault) ctx.addIssue({ code: 'custom', message: fault })
    })
    .meta(live('URL', 'http or https; it gets a POST for each alarm.')),
  caFile: caFile.meta(live('Authorities', 'A PEM file, where the server’s certificate is signed by your own.')),
  signingKey: signingKey.optional().meta({
    ...live('Signing key', 'At least 16 characters; the receiver checks the signature with it.'),
    secret: true,
  }),
  token: token.optional().meta({ ...live('Token', 'Sent as Authorization: Bearer.'), secret: true }),
  timeoutSeconds: z.int().min(1).max(120).default(10).meta(live('Timeout', 'Of one try.')),
})

/** One way that alarms leave the appliance; what was left out and follows from the rest is filled in. */
export const destination = z.discriminatedUnion('kind', [snmp, mail, syslog, webhook]).transform((value) => {
  switch (value.kind) {
    case 'snmp':
      return { ...value, inform: value.inform ?? value.version !== '1' }
    case 'mail':
      return { ...value, port: value.port ?? MAIL_PORTS[value.security] }
    case 'syslog':
      return {
        ...value,
        port: value.port ?? (value.transport === 'tls' ? 6514 : 514),
        facility: FACILITIES.indexOf(value.facility),
      }
    case 'webhook':
      return value
  }
})

export type DestinationConfig = z.output<typeof destination>

export const destinations = z
  .array(destination)
  .max(50)
  .default([])
  .superRefine((list, ctx) => {
    for (const [index, { name }] of list.entries()) {
      const twin = list.findIndex((other) => other.name.toLowerCase() === name.toLowerCase())
      if (twin !== index) ctx.addIssue({ code: 'custom', path: [index, 'name'], message: `"${name}" is taken` })
    }
  })

/** What is wrong with the text of a secret that stood in a file of its own. */
export function secretFault(field: string, text: string): string | undefined {
  const schema = SECRETS.get(field)
  return schema?.safeParse(text).error?.issues[0]?.message
}

function isHost(text: string): boolean {
  if (/^[\d.]+$/.test(text)) return parseIpv4(text) !== undefined
  return text.length <= 253 && text.split('.').every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?$/i.test(label))
}

function urlFault(text: string): string | undefined {
  if (!URL.canParse(text)) return `"${text}" is not a URL such as https://noc.example.com/alarms`
  const { protocol, username, password, hash } = new URL(text)
  if (protocol !== 'http:' && protocol !== 'https:') return 'the URL must begin with http:// or https://'
  if (username !== '' || password !== '') return 'a URL shows what is in it: give the password as the token instead'
  if (hash !== '') return 'a URL to send to has no part behind #'
  return undefined
}
