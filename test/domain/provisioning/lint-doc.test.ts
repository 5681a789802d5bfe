// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LINT_CODES, type Severity } from '#daemon/domain/provisioning/lint-codes'

const HEAD = `# What the linter says

\`offhook lint <file> --model <model>\`, \`POST /api/v1/provisioning/lint\`, the page *Parameters → Check a file* and the editors
tell these. An **error** means that a phone refuses the file, or that nobody can say what it makes of it; a **warning**, that a
line does not do what it seems to; a **hint** is good to know.

What a parameter takes stands in \`config/parameters\`, from the parameter list of firmware 3.0.4 (405HD, 440HD, 450HD) and from
manuals. Firmware of other versions may know more, and of other models little is known: there the linter gives hints.
`

const GROUPS: readonly [Severity, string][] = [
  ['error', 'Errors'],
  ['warning', 'Warnings'],
  ['hint', 'Hints'],
]

/** Written anew by `npx vitest run test/domain/provisioning/lint-doc.test.ts -u`. */
test('docs/lint.md holds every code', async () => {
  const groups = GROUPS.map(([severity, title]) => {
    const codes = Object.entries(LINT_CODES).filter(([, code]) => code.severity === severity)
    const rows = codes.map(([name, { means, remedy }]) => `| \`${name}\` | ${means} | ${remedy} |`)
    return `\n## ${title}\n\n| code | what it means | what to do |\n|---|---|---|\n${rows.join('\n')}\n`
  })
  await expect(HEAD + groups.join('')).toMatchFileSnapshot(join(import.meta.dirname, '../../../docs/lint.md'))
})
