// SPDX-License-Identifier: Apache-2.0
import { csvLine } from '#daemon/domain/csv'
import { globalFileName } from '#daemon/domain/provisioning/template'
import type { ArchiveContents, LevelName } from './contents.ts'
import { LINES, TEMPLATE_CHOICE } from './own-columns.ts'
import { writeTemplateXml } from './template-xml.ts'
import { type ArchiveFile, zip } from './zip.ts'

/**
 * Writes a configuration in the shape of the incumbent's export, so that its own tools and habits still fit. What that
 * shape cannot hold stands in files and columns of ours beside it: `Scopes.csv`, `Settings.csv`, `Template_Mapping.csv`,
 * and in `Templates.csv` from `ID` on.
 */
export async function writeContents(contents: ArchiveContents, modified: Date): Promise<ArchiveFile[]> {
  const places = contents.scopes.filter(({ path }) => path !== '')
  // The incumbent knows tenants at the top alone; others stand in our own files.
  const tenants = places.filter(({ kind, path }) => kind === 'tenant' && !path.includes('/'))
  const sites = places.filter(({ kind }) => kind === 'site')
  const kindAt = new Map(places.map(({ path, kind }) => [path, kind]))
  const isOf = (level: LevelName, kind: 'tenant' | 'site') =>
    (kind === 'tenant' ? tenants : sites).some(({ path }) => level === `scope/${path}`)
  const values = (fits: (level: LevelName) => boolean) => contents.values.filter(({ level }) => fits(level))
  const pathOf = (level: LevelName) => level.slice(level.indexOf('/') + 1)
  // By path, not by number: then nobody has to count.
  const placed = (kind: 'tenant' | 'site') =>
    values((level) => isOf(level, kind)).map((v) => [v.name, v.value, pathOf(v.level)])
  const files: ArchiveFile[] = [
    {
      path: 'Templates.zip',
      bytes: await zip(
        [
          ...contents.templates.map((template) => ({
            path: `${template.id}.cfg`,
            bytes: bytesOf(
              writeTemplateXml({
                ...{ type: template.title, description: template.description, globalName: globalFileName(template) },
                ...{ global: template.global, private: template.private },
              }),
            ),
          })),
          table(
            'Templates.csv',
            [
              ...['MODEL_NAME', 'MODEL_DESC', 'TEMPLATE_FILE_PATH', 'OVERWRITE_FILE_PATH', 'TENANT_ID', 'TYPE'],
              ...['DEFAULT_MODEL', 'ID', 'TITLE', 'MODELS', 'FIRMWARE', 'ALIASES'],
            ],
            contents.templates.map(({ id, title, description, models, firmware, aliases = [] }) => [
              ...[title, description, `${id}.cfg`, '', '', firmware, ''],
              ...[id, title, models.join(' '), firmware, aliases.join(' ')],
            ]),
          ),
        ],
        modified,
      ),
    },
    table(
      'Template_Placeholders.csv',
      ['DEF_KEY', 'DEF_VAL', 'DESCRIPTION', 'MODEL'],
      values((level) => level.startsWith('template/')).map(({ level, name, value }) => [
        ...[name, value, '', pathOf(level)],
      ]),
    ),
    table('Tenant_Placeholders.csv', ['TENANT_KEY', 'TENANT_VAL', 'TENANT_ID'], placed('tenant')),
    table('Site_Placeholders.csv', ['SITE_KEY', 'SITE_VAL', 'SITE_ID'], placed('site')),
    table(
      'System_Settings.csv',
      ['KEY', 'VAL'],
      values((level) => level === 'system').map(({ name, value }) => [name, value]),
    ),
    {
      path: 'Tenants.zip',
      bytes: await zip(
        [
          table(
            'Tenants.csv',
            ['NAME', 'DESCRIPTION'],
            tenants.map(({ path, description }) => [lastOf(path), description]),
          ),
        ],
        modified,
      ),
    },
    {
      path: 'Sites.zip',
      bytes: await zip(
        [
          table(
            'Sites.csv',
            ['SITE_NAME', 'SITE_DESCRIPTION', 'SITE_TENANT_NAME', 'SITE_REGION_NAME'],
            sites.map(({ path, description }) => {
              const above = path.split('/').slice(0, -1)
              const tenant = kindAt.get(above[0] ?? '') === 'tenant' ? (above[0] ?? '') : ''
              return [lastOf(path), description, tenant, above.slice(tenant === '' ? 0 : 1).join('/')]
            }),
          ),
        ],
        modified,
      ),
    },
    table(
      'Scopes.csv',
      ['PATH', 'KIND', 'DESCRIPTION', 'TIME_ZONE', 'SUBNETS'],
      places.map(({ path, kind, description, timeZone = '', subnets = [] }) => [
        ...[path, kind, description, timeZone, subnets.join(' ')],
      ]),
    ),
    table(
      'Template_Mapping.csv',
      ['MODEL', 'PLACE', 'TEMPLATE'],
      contents.mapping.map(({ model, place, template }) => [model, place, template]),
    ),
    table(
      'Firmware.csv',
      ['MODEL', 'PLACE', 'SHA256'],
      contents.firmware.map(({ model, place, image }) => [model, place, image]),
    ),
    table(
      'Settings.csv',
      ['LEVEL', 'KEY', 'VAL'],
      [
        ...values(
          (level) => !isOf(level, 'tenant') && !isOf(level, 'site') && !/^(system$|template\/)/.test(level),
        ).map(({ level, name, value }) => [level, name, value]),
        ...contents.lines.map(({ level, text }) => [level, LINES, text]),
        ...Array.from(contents.chosen, ([mac, template]) => [`device/${mac}`, TEMPLATE_CHOICE, template]),
      ],
    ),
  ]
  if (contents.people) files.push({ path: 'users.csv', bytes: contents.people.bytes })
  return files
}

function table(path: string, headings: readonly string[], rows: readonly (readonly string[])[]): ArchiveFile {
  return { path, bytes: bytesOf([headings, ...rows].map((row) => `${csvLine(row)}\r\n`).join('')) }
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

function lastOf(path: string): string {
  return path.split('/').at(-1) ?? ''
}
