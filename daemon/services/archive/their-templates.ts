// SPDX-License-Identifier: Apache-2.0
import { TEMPLATE_ID, type Template } from '#daemon/domain/provisioning/template'
import type { TableRow } from './csv-table.ts'
import { readTemplateXml } from './template-xml.ts'

/** `audiocodes_420HD`, `Audiocodes_420HD_LYNC` and `420HD` are the model 420HD. */
export function modelOf(text: string): string {
  const bare = text.replace(/^audiocodes[_\s-]*/i, '')
  return (/^[A-Za-z]?\d{3}[A-Za-z]{2}/.exec(bare)?.[0] ?? bare).toUpperCase().slice(0, 40)
}

/** A template of ours from its XML and its row in the list; or why it is none. */
export function templateFrom(
  xml: string,
  row: TableRow,
  taken: ReadonlySet<string>,
): Template | { readonly reason: string } {
  const read = readTemplateXml(xml)
  if ('reason' in read) return read
  const name = row.cell('MODEL_NAME') || read.type
  const own = row.cell('ID')
  if (own !== '') {
    if (!TEMPLATE_ID.test(own)) return { reason: `“${own.slice(0, 80)}” is no id of a template` }
    const models = row.cell('MODELS').split(/\s+/).filter(Boolean)
    const firmware = row.cell('FIRMWARE') === 'uc' ? 'uc' : 'sip'
    const aliases = row.cell('ALIASES').split(/\s+/).filter(Boolean)
    return {
      ...{ id: own, title: row.cell('TITLE') || own, description: read.description, models, firmware },
      ...{ global: read.global, private: read.private, ...(aliases.length > 0 && { aliases }) },
    }
  }
  const speaksLync = /lync|\buc\b|_uc|skype|teams/i.test(`${name} ${read.description}`) || /^lync\//m.test(read.global)
  return {
    id: freeId(name, taken),
    title: name,
    description: row.cell('MODEL_DESC') || read.description,
    models: [modelOf(name)],
    firmware: speaksLync ? 'uc' : 'sip',
    global: read.global,
    private: withOurInclude(read.private, read.globalName),
    ...(/^[\w.-]{1,120}$/.test(read.globalName) && { aliases: [read.globalName] }),
  }
}

/** A private part includes the shared file by name: ours has another one, and may be in another place. */
function withOurInclude(text: string, globalName: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => {
      const [, target = ''] = /^\s*include\s+(\S+)\s*$/i.exec(line) ?? []
      const isShared = target !== '' && (target === globalName || target.split('/').at(-1) === globalName)
      return isShared ? 'include %ITCS_GlobalFile%' : line
    })
    .join('\n')
}

function freeId(name: string, taken: ReadonlySet<string>): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 50)
  const base = `imported-${slug || 'template'}`
  for (let count = 1; ; count++) {
    const id = count === 1 ? base : `${base}-${count}`
    if (!taken.has(id)) return id
  }
}
