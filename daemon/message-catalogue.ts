// SPDX-License-Identifier: Apache-2.0
import type { MessageRow } from '#web/ports/messages'
import { messages } from './messages.ts'

/** Every kind of log line, by its id. */
export function messageRows(): MessageRow[] {
  return Object.entries(messages)
    .map(([id, message]) => ({ id, ...message }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** `docs/messages.md`. */
export function messagesPage(): string {
  const head = `# Messages of the log

Written by \`npm run messages -- --write\` from \`daemon/messages.ts\`; a test checks that it is current. Every line of the log has
one of these ids in its field \`id\`; the page *Messages* shows the same.
`
  return [head, ...messageRows().map(paragraph)].join('\n')
}

function paragraph({ id, level, text, meaning, remedy }: MessageRow): string {
  return `## \`${id}\` (${level})\n\n*${text}.* ${meaning}\n\n**What to do:** ${remedy}\n`
}
