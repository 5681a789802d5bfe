// SPDX-License-Identifier: Apache-2.0
// npm run messages [-- --write]: the catalogue of log messages for people, printed or written to docs/messages.md.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messagesPage } from '#daemon/message-catalogue'

const page = messagesPage()
if (process.argv.includes('--write')) writeFileSync(join(import.meta.dirname, '../docs/messages.md'), page)
else process.stdout.write(page)
