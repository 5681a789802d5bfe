// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod'
import { live, secret } from './fields.ts'

const word = z.string().regex(/^[\w .-]{1,64}$/, 'a word of letters, digits, dots and hyphens')

/** How phones are told what to do. */
export const commands = z.strictObject({
  ways: z
    .array(z.enum(['sip', 'keep-alive']))
    .default(['sip', 'keep-alive'])
    .meta(
      live(
        'Ways',
        'How phones may be told: by SIP at once, and in the answer to their next keep-alive where SIP did not reach them.',
      ),
    ),
  expirySeconds: z
    .int()
    .min(10)
    .max(86_400)
    .default(7_200)
    .meta(live('Expiry', 'Seconds after which a command that no phone took is given up.')),
  keepAlive: z
    .strictObject({
      restart: word.optional().default('reset').meta(live('Restart', 'The command that restarts a phone.')),
      check: word.optional().meta(live('Check', 'The command that makes it fetch its files; not publicly known.')),
      updateFirmware: word
        .optional()
        .meta(
          live(
            'Update firmware',
            'The command that makes it fetch its image without a restart before; not publicly known.',
          ),
        ),
      factoryReset: word.optional().meta(live('Factory reset', 'The command that forgets all settings.')),
    })
    .prefault({})
    .meta(live('Keep-alive', 'What the answer to a keep-alive says; what has no word cannot be said there.')),
  sip: z
    .strictObject({
      port: z.int().min(1).max(65_535).default(5060).meta(live('Port', 'Where phones listen for SIP.')),
      user: z.string().max(64).optional().meta(live('User', 'Told to phones that ask for it, as a digest.')),
      password: secret()
        .optional()
        .meta({ ...live('Password', 'Of that user.'), secret: true }),
    })
    .prefault({})
    .meta(live('SIP', 'NOTIFY check-sync and MESSAGE; they need `sip.enabled`.')),
})
