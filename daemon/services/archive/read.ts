// SPDX-License-Identifier: Apache-2.0
import { decodeFile } from '#daemon/domain/people-csv'
import { compile } from '#daemon/domain/provisioning/language'
import { PLACEHOLDER_NAME } from '#daemon/domain/provisioning/level-settings'
import type { Template } from '#daemon/domain/provisioning/template'
import { foldName } from '#daemon/domain/text'
import { parseMac } from '#protocols/lib/mac'
import type {
  ArchiveContents,
  ArchiveNote,
  FirmwareEntry,
  LevelName,
  LinesEntry,
  MappingEntry,
  ScopeEntry,
  TheirFile,
  ValueEntry,
} from './contents.ts'
import { readTable, type TableRow } from './csv-table.ts'
import { LINES, scopeKindOf, TEMPLATE_CHOICE } from './own-columns.ts'
import { modelOf, templateFrom } from './their-templates.ts'
import type { ArchiveFile } from './zip.ts'

/** Values that follow from where Offhook runs: the other system's would lead the phones back to it. */
const OURS = new Set(['ServerIP', 'KeepAliveUrl', 'ConfigurationUrl', 'FirmwareUrl', 'GlobalFile', 'Model', 'mac'])

/** Reads a configuration out of its files; what cannot be taken is told, and the rest is. */
export function readContents(files: readonly ArchiveFile[]): ArchiveContents {
  return new ContentsReader(files).read()
}

class ContentsReader {
  readonly #files: readonly ArchiveFile[]
  readonly #notes: ArchiveNote[] = []
  readonly #scopes = new Map<string, ScopeEntry>()
  readonly #templates = new Map<string, Template>()
  readonly #mapping: MappingEntry[] = []
  readonly #values: ValueEntry[] = []
  readonly #lines: LinesEntry[] = []
  readonly #chosen = new Map<string, string>()
  readonly #firmware: FirmwareEntry[] = []
  /** Names in the order of their files, for the numbers that other files call them by. */
  readonly #tenants: string[] = []
  readonly #sites: string[] = []

  constructor(files: readonly ArchiveFile[]) {
    this.#files = files
  }

  read(): ArchiveContents {
    this.#table('Tenants.csv', (row, file) => this.#tenant(row, file))
    this.#table('Sites.csv', (row, file) => this.#site(row, file))
    this.#table('Scopes.csv', (row, file) => this.#scope(row, file))
    this.#table('Templates.csv', (row, file) => this.#template(row, file))
    this.#table('Template_Mapping.csv', (row) => {
      this.#mapping.push({ model: row.cell('MODEL'), place: row.cell('PLACE'), template: row.cell('TEMPLATE') })
    })
    this.#table('System_Settings.csv', (row, file) => this.#value('system', row, ['KEY'], ['VAL'], file))
    this.#table('Template_Placeholders.csv', (row, file) => this.#templateValue(row, file))
    this.#table('Tenant_Placeholders.csv', (row, file) => {
      const path = this.#numbered(row, 'TENANT_ID', this.#tenants, file)
      if (path !== undefined) this.#value(path, row, ['TENANT_KEY'], ['TENANT_VAL'], file)
    })
    this.#table('Site_Placeholders.csv', (row, file) => {
      const path = this.#numbered(row, 'SITE_ID', this.#sites, file)
      if (path !== undefined) this.#value(path, row, ['SITE_KEY'], ['SITE_VAL'], file)
    })
    this.#table('Firmware.csv', (row, file) => {
      const image = row.cell('SHA256').toLowerCase()
      if (!/^[0-9a-f]{64}$/.test(image)) return void this.#reject(file, row.line, 'this names no image by its SHA-256')
      this.#firmware.push({ model: row.cell('MODEL'), place: row.cell('PLACE'), image })
    })
    this.#table('Settings.csv', (row, file) => this.#setting(row, file))
    this.#placeLines()
    const { phoneFiles, includes } = this.#cfgs()
    return {
      scopes: [...this.#scopes.values()].sort((a, b) => depth(a.path) - depth(b.path)),
      templates: [...this.#templates.values()],
      ...{ mapping: this.#mapping, values: this.#values, lines: this.#lines, chosen: this.#chosen },
      firmware: this.#firmware,
      people: this.#people(),
      ...{ phoneFiles, includes, notes: this.#notes },
    }
  }

  #tenant(row: TableRow, file: string): void {
    const name = row.cell('NAME')
    if (name === '') return void this.#reject(file, row.line, 'the tenant has no name')
    this.#tenants.push(name)
    this.#addScope({ kind: 'tenant', path: name, description: row.cell('DESCRIPTION') })
  }

  #site(row: TableRow, file: string): void {
    const name = row.cell('SITE_NAME', 'NAME')
    if (name === '') return void this.#reject(file, row.line, 'the site has no name')
    const tenant = row.cell('SITE_TENANT_NAME')
    const region = row.cell('SITE_REGION_NAME')
    const path = [tenant, region === tenant ? '' : region, name].filter((part) => part !== '')
    this.#sites.push(path.join('/'))
    for (const [index, part] of path.slice(0, -1).entries()) {
      const above = path.slice(0, index + 1).join('/')
      const kind = part === tenant && index === 0 ? 'tenant' : 'region'
      if (!this.#scopes.has(foldName(above))) this.#addScope({ kind, path: above, description: '' })
    }
    this.#addScope({ kind: 'site', path: path.join('/'), description: row.cell('SITE_DESCRIPTION', 'DESCRIPTION') })
  }

  #scope(row: TableRow, file: string): void {
    const kind = scopeKindOf(row.cell('KIND'))
    const path = row.cell('PATH')
    if (!kind || path === '') return void this.#reject(file, row.line, 'this is no scope: it needs a kind and a path')
    const subnets = row.cell('SUBNETS').split(/\s+/).filter(Boolean)
    this.#scopes.delete(foldName(path))
    this.#addScope({ kind, path, description: row.cell('DESCRIPTION') }, row.cell('TIME_ZONE'), subnets)
  }

  #addScope(entry: Pick<ScopeEntry, 'kind' | 'path' | 'description'>, timeZone?: string, subnets?: string[]): void {
    const key = foldName(entry.path)
    if (!this.#scopes.has(key)) this.#scopes.set(key, { ...entry, timeZone, subnets })
  }

  #template(row: TableRow, file: string): void {
    const path = row.cell('OVERWRITE_FILE_PATH') || row.cell('TEMPLATE_FILE_PATH')
    const found = this.#named(baseName(path))
    const text = found && decodeFile(found.bytes)
    if (!found || text === undefined) {
      return void this.#reject(file, row.line, `the archive has no readable template ${baseName(path)}`)
    }
    const template = templateFrom(text, row, new Set(this.#templates.keys()))
    if ('reason' in template) return void this.#reject(found.path, undefined, template.reason)
    for (const part of [template.global, template.private]) {
      const [problem] = compile(part).problems
      if (problem) return void this.#reject(found.path, problem.line, problem.message)
    }
    this.#templates.set(template.id, template)
    // Ours says itself which template is for whom.
    if (row.cell('ID') !== '') return
    const tenant = row.cell('TENANT_ID')
    const isDefault = /^(1|true|yes)$/i.test(row.cell('DEFAULT_MODEL'))
    const place = isNowhere(tenant) ? '' : this.#numbered(row, 'TENANT_ID', this.#tenants, file)?.slice('scope/'.length)
    if (place === undefined || (place === '' && !isDefault && this.#hasDefault(template.models))) return
    for (const model of template.models) this.#mapping.push({ model, place, template: template.id })
  }

  /** Of two templates of a model, the one that is its default is mapped. */
  #hasDefault(models: readonly string[]): boolean {
    return this.#mapping.some(({ model, place }) => place === '' && models.includes(model))
  }

  #templateValue(row: TableRow, file: string): void {
    const model = row.cell('MODEL')
    if (isNowhere(model)) return void this.#value('system', row, ['DEF_KEY'], ['DEF_VAL'], file)
    const wanted = modelOf(model)
    const all = [...this.#templates.values()]
    const named = all.filter(({ id, title }) => id === model || title === model)
    const fitting = named.length > 0 ? named : all.filter(({ models }) => models.includes(wanted))
    if (fitting.length === 0) return void this.#reject(file, row.line, `no template is for ${model.slice(0, 80)}`)
    for (const { id } of fitting) this.#value(`template/${id}`, row, ['DEF_KEY'], ['DEF_VAL'], file)
  }

  /** What only we write: values, lines and choices of any level. */
  #setting(row: TableRow, file: string): void {
    const level = row.cell('LEVEL')
    const key = row.cell('KEY')
    if (!/^(system|(template|scope|user|device)\/.+)$/.test(level)) {
      return void this.#reject(file, row.line, `“${level.slice(0, 80)}” is no level`)
    }
    if (key === LINES) this.#addLines(level as LevelName, row.cell('VAL'), file, row.line)
    else if (key === TEMPLATE_CHOICE) this.#chosen.set(level.slice('device/'.length), row.cell('VAL'))
    else this.#value(level as LevelName, row, ['KEY'], ['VAL'], file)
  }

  #value(level: LevelName, row: TableRow, key: readonly string[], val: readonly string[], file: string): void {
    const name = row.cell(...key).replace(/^%ITCS_(.*)%$/, '$1')
    const value = row.cell(...val)
    if (!PLACEHOLDER_NAME.test(name)) {
      this.#reject(file, row.line, `“${name.slice(0, 80)}” is no name of a placeholder`)
    } else if (OURS.has(name)) {
      this.#notes.push({ kind: 'note', file, line: row.line, message: `${name} is left to Offhook, which knows it` })
    } else if (value.length > 4_096 || /\p{Cc}/u.test(value)) {
      this.#reject(file, row.line, `the value of ${name} has control characters, or is longer than 4,096 characters`)
    } else this.#values.push({ level, name, value })
  }

  /** `<tenant>.cfg` and `<site>.cfg` beside their lists; `system.cfg` beside the users. */
  #placeLines(): void {
    for (const { path, bytes } of this.#files) {
      const [, list, name] = /(?:^|\/)(tenants|sites)(?:\.zip)?\/(?:.*\/)?([^/]+)\.cfg$/i.exec(path) ?? []
      const isSystem = /(?:^|\/)system\.cfg$/i.test(path)
      if (name === undefined && !isSystem) continue
      const known = list?.toLowerCase() === 'tenants' ? this.#tenants : this.#sites
      const place = known.find((one) => foldName(baseName(one)) === foldName(name ?? ''))
      if (!isSystem && place === undefined) {
        this.#reject(path, undefined, `there is no ${list?.toLowerCase().slice(0, -1)} of this name`)
        continue
      }
      const text = decodeFile(bytes)
      if (text === undefined) this.#reject(path, undefined, 'the file is not in UTF-8')
      else this.#addLines(isSystem ? 'system' : `scope/${place}`, text, path)
    }
  }

  #addLines(level: LevelName, text: string, file: string, line?: number): void {
    const [problem] = compile(text).problems
    if (problem) this.#reject(file, line ?? problem.line, problem.message)
    else if (text.trim() !== '') this.#lines.push({ level, text })
  }

  #people(): ArchiveContents['people'] {
    const found = this.#named('users.csv')
    return found && { path: found.path, bytes: found.bytes }
  }

  #cfgs(): { readonly phoneFiles: Map<string, TheirFile>; readonly includes: Map<string, string> } {
    const phoneFiles = new Map<string, TheirFile>()
    const includes = new Map<string, string>()
    for (const { path, bytes } of this.#files) {
      if (!/\.cfg$/i.test(path)) continue
      const text = decodeFile(bytes)
      const name = baseName(path)
      const mac = parseMac(name.slice(0, -'.cfg'.length))
      if (text === undefined) {
        if (mac) this.#reject(path, undefined, 'the file is not in UTF-8, perhaps encrypted: it cannot be compared')
      } else if (mac) phoneFiles.set(mac, { path, text })
      else includes.set(name.toLowerCase(), text)
    }
    return { phoneFiles, includes }
  }

  /** The level of a number or a name that a row calls its place by. */
  #numbered(row: TableRow, column: string, names: readonly string[], file: string): `scope/${string}` | undefined {
    const said = row.cell(column)
    const named = names.find((name) => foldName(name) === foldName(said) || foldName(baseName(name)) === foldName(said))
    const counted = /^\d{1,6}$/.test(said) ? names[Number(said) - 1] : undefined
    const found = named ?? counted
    if (found === undefined) {
      this.#reject(file, row.line, `${column} ${said.slice(0, 80)} is none of the archive`)
      return undefined
    }
    if (named === undefined) {
      const message = `${column} ${said} is taken to be the place in that order of the list: ${found}`
      this.#notes.push({ kind: 'note', file, line: row.line, message })
    }
    return `scope/${found}`
  }

  #table(name: string, take: (row: TableRow, file: string) => void): void {
    const file = this.#named(name)
    if (!file) return
    for (const row of readTable(file, (note) => this.#notes.push(note))) take(row, file.path)
  }

  #named(name: string): ArchiveFile | undefined {
    return this.#files.find(({ path }) => baseName(path).toLowerCase() === name.toLowerCase())
  }

  #reject(file: string, line: number | undefined, message: string): void {
    this.#notes.push({ kind: 'rejected', file, ...(line !== undefined && { line }), message })
  }
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? ''
}

function depth(path: string): number {
  return path.split('/').length
}

/** How the incumbent writes that something is for all. */
function isNowhere(text: string): boolean {
  return /^(|-1|0|all|none|null)$/i.test(text.trim())
}
