// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod'
import { live, restart } from './fields.ts'

const history = z.strictObject({
  revisions: z
    .int()
    .min(10)
    .max(100_000)
    .default(2_000)
    .meta(restart('Changes kept', 'How many changes of templates and settings can be looked at and taken back.')),
  days: z
    .int()
    .min(1)
    .max(36_500)
    .default(1_095)
    .meta(restart('Changes kept for', 'In days; older ones go, however few there are.')),
  filesPerPhone: z
    .int()
    .min(1)
    .max(100)
    .default(10)
    .meta(restart('Served files kept', 'How many different files of each phone are remembered, without secrets.')),
})

export const provisioning = z.strictObject({
  personalUrls: z
    .boolean()
    .default(true)
    .meta(
      live(
        'Personal addresses',
        'Give each approved phone an address of its own for its file; once it uses that, no other one gets passwords.',
      ),
    ),
  ownAddress: z
    .enum(['lease', 'report'])
    .default('lease')
    .meta(
      live(
        'Own address',
        'What proves that a phone asks from its own address: our lease, or also where it reports from. The second is for networks with another DHCP server; whoever knows an approved phone’s MAC can then pretend to be it.',
      ),
    ),
  secretsOverTftp: z
    .boolean()
    .default(false)
    .meta(live('Passwords by TFTP', 'Give a phone its passwords by TFTP, too, under the same rules.')),
  secretsByMac: z
    .boolean()
    .default(false)
    .meta(live('Passwords by MAC', 'Give an approved phone’s passwords to whoever asks for its MAC, from anywhere.')),
  phonePassword: z
    .enum(['generated', 'well-known', 'none'])
    .default('generated')
    .meta(
      live(
        'Phone account',
        'Password of the account with which phones report, unless EmsUserPassword is set for them: one for each phone, the one of the maker’s manual that everybody can read, or none.',
      ),
    ),
  redirect: z
    .boolean()
    .default(false)
    .meta(
      live('Redirect service', 'Send phones that ask for /<MAC> to their files: ours to us, others to where you say.'),
    ),
  guesses: z
    .int()
    .min(1)
    .max(100_000)
    .default(30)
    .meta(
      live(
        'Guesses',
        'Phones whose files one address may ask for in ten minutes without being one of them; then an alarm tells, and it has to wait.',
      ),
    ),
  history: history
    .prefault({})
    .meta(live('History', 'What was changed, and what phones were served, is kept for so long.')),
})

export type ProvisioningConfig = z.output<typeof provisioning>
