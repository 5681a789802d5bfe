// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod'
import { cidr, endpoint, restart } from './fields.ts'
import { checkUser, community, userFields } from './forwarding.ts'

const { user, ...keys } = userFields

/** At least two numbers, each at most 2^32 - 1, the first two as a BER encoding can hold them [RFC2578 §3.5]. */
function isOid(text: string): boolean {
  const numbers = text.split('.')
  const [first, second] = numbers.map(Number)
  if (first === undefined || second === undefined || first > 2 || (first < 2 && second > 39)) return false
  return numbers.length <= 64 && numbers.every((one) => /^(?:0|[1-9]\d{0,9})$/.test(one) && Number(one) < 2 ** 32)
}

/** A branch of one's own below `enterprises`: 1.3.6.1.4.1. and at least one number. */
const arc = z.string().superRefine((text, ctx) => {
  if (isOid(text) && text.startsWith('1.3.6.1.4.1.')) return
  ctx.addIssue({ code: 'custom', message: `"${text}" is not an arc such as 1.3.6.1.4.1.8072.9999.9999` })
})

/** Of somebody else's MIB. A leading point, as many tools write it, is left out. */
const oid = z
  .string()
  .transform((text) => text.replace(/^\./, ''))
  .superRefine((text, ctx) => {
    if (isOid(text)) return
    ctx.addIssue({ code: 'custom', message: `"${text}" is not an object identifier such as 1.3.6.1.4.1.5003.9.20.3.2` })
  })

const ovoc = z.strictObject({
  traps: oid
    .default('1.3.6.1.4.1.5003.9.20.3.2')
    .meta(restart('Traps', 'The traps are <this>.0.<number>: 39, 40 and 41 for the alarms whose numbers are public.')),
  objects: oid
    .default('1.3.6.1.4.1.5003.9.20.3.1')
    .meta(
      restart('Objects', 'Their objects are <this>.1 to <this>.11. Not public: a guess after the vendor’s gateways.'),
    ),
})

/** 5 to 32 octets, not all 0 or 255 [RFC3411 §5 SnmpEngineID]. */
const engineId = z
  .string()
  .transform((text) => text.replace(/^0x/i, '').replaceAll(':', '').toLowerCase())
  .superRefine((hex, ctx) => {
    if (/^(?:[0-9a-f]{2}){5,32}$/.test(hex) && !/^(?:(?:00)+|(?:ff)+)$/.test(hex)) return
    ctx.addIssue({ code: 'custom', message: 'an engine id is 5 to 32 octets in hex, not all 00 or ff (RFC 3411)' })
  })

const agent = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .meta(restart('SNMP agent', 'Let managers read the active alarms and the counters.')),
  listen: endpoint.prefault('0.0.0.0:161').meta(restart('Agent listener', 'UDP.')),
  communities: z
    .array(community)
    .max(16)
    .default([])
    .meta({ ...restart('Communities', 'Who knows one may read by version 2c.'), secret: true }),
  users: z
    .array(z.strictObject({ name: user.unwrap(), ...keys }).superRefine(checkUser))
    .max(16)
    .default([])
    .meta(restart('Users', 'Who may read by version 3.')),
  sources: z
    .array(cidr)
    .max(64)
    .prefault(['127.0.0.0/8'])
    .meta(restart('Sources', 'Networks that may ask; everybody else gets no answer.')),
})

export const snmp = z.strictObject({
  arc: arc
    .default('1.3.6.1.4.1.8072.9999.9999')
    .meta(restart('Arc', 'Below which OFFHOOK-MIB lies: a branch of your own enterprise number, if you have one.')),
  ovoc: ovoc.prefault({}).meta(restart('OIDs of the profile ovoc', 'Change them if your manager’s MIB has others.')),
  engineId: engineId.optional().meta(restart('Engine id', 'In hex; by default made once and kept.')),
  contact: z.string().max(255).default('').meta(restart('Contact', 'sysContact.')),
  location: z.string().max(255).default('').meta(restart('Location', 'sysLocation.')),
  agent: agent.prefault({}).meta(restart('Agent', 'Read-only.')),
})
