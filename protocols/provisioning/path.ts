// SPDX-License-Identifier: Apache-2.0
import { type Mac, parseMac } from '#protocols/lib/mac'
import type { FileRequest, NamedScope } from './port.ts'

/** Characters of a name looked at; phones keep their URLs below 128. */
const NAME_LIMIT = 512

/** Managers of 2015 spelled it `dhcption160.cfg`, and phones still ask for that. */
const BOOTSTRAP = /^dhcp(?:op)?tion160\.cfg$/i
const SHARED_PART = /^(?=.*_global)[a-z0-9][\w-]{0,127}(?:\.[\w-]{1,32}){0,4}\.cfg$/i
/** Letters and digits with single separators, so that no name can climb or hide. */
const MODEL = /^(?=.{1,40}$)[a-z0-9]+(?:[._-][a-z0-9]+)*$/i
/** A region's or tenant's name: any text but the ones that mean a folder. */
const SCOPE = /^(?!\.{1,2}$)[^\\\p{Cc}]{1,64}$/u
/** SHA-256 of an image. */
const IMAGE = /^[0-9a-f]{64}$/i
/** The secret in `/configfiles/t/<token>/`. */
const TOKEN = /^[\w-]{16,64}$/
/** What an auxiliary file is called, and its name. */
const AUXILIARY_ID = /^[0-9a-f]{16}$/i
const AUXILIARY_NAME = /^(?!\.)[\w.-]{1,28}$/
const CLIMBS = /(?:^|[/\\])\.{1,2}(?:[/\\]|$)|[\\\p{Cc}]/u

/**
 * What a URL path or TFTP file name asks for, with or without its leading slash and in any case; undefined for every
 * name that is not one of the known forms. The result holds a MAC and names that match a pattern, and perhaps a
 * region's or tenant's name, free text to look up: nothing of what the client sent can become a path on disk by itself.
 */
export function fileRequest(name: string): FileRequest | undefined {
  if (name.length > NAME_LIMIT) return undefined
  const segments = name.split('/').filter((segment) => segment !== '')
  const auxiliary = auxiliaryFile(segments)
  if (auxiliary) return auxiliary
  const file = segments.pop()
  const folder = knownFolder(segments)
  return file === undefined || folder === undefined ? undefined : fileIn(folder, file)
}

/** The name tries to leave what is served: an error of its own where a transport can tell it from a missing file. */
export function climbs(name: string): boolean {
  return CLIMBS.test(name)
}

/** A folder says nothing about the file in it, except where it is named for a model, a region or a tenant. */
interface Folder {
  readonly model?: string
  readonly mac?: Mac
  readonly scope?: NamedScope
  readonly token?: string
}

const PLAIN: Folder = {}

function knownFolder(segments: readonly string[]): Folder | undefined {
  const [first, second, third, ...deeper] = segments
  switch (first?.toLowerCase()) {
    case undefined:
      return PLAIN
    case 'configfiles':
      if (second?.toLowerCase() === 't') return deeper.length === 0 ? tokenFolder(third) : undefined
      return second === undefined ? PLAIN : undefined
    case 'firmwarefiles':
      return second === undefined ? PLAIN : third === undefined ? phoneFolder(second) : undefined
    case 'ipp':
      break
    default:
      return second === undefined && MODEL.test(first ?? '') ? { model: first ?? '' } : undefined
  }
  switch (second?.toLowerCase()) {
    case undefined:
      return PLAIN
    case 'httpproxy': // An SBC between phone and server: behind it everything is as without it.
      return knownFolder(segments.slice(2))
    case 'region':
      return third === undefined ? undefined : scopeFolder('region', third, deeper)
    case 'tenant':
      return third === undefined ? undefined : scopeFolder('tenant', third, deeper)
    default:
      return undefined
  }
}

/** A folder of one phone's own: behind a NAT nothing else tells which phone asks for firmware. */
function phoneFolder(name: string): Folder | undefined {
  const mac = parseMac(name)
  return mac && { mac }
}

function tokenFolder(token = ''): Folder | undefined {
  return TOKEN.test(token) ? { token } : undefined
}

function scopeFolder(kind: NamedScope['kind'], name: string, deeper: readonly string[]): Folder | undefined {
  if (!SCOPE.test(name)) return undefined
  const scope = { scope: { kind, name } }
  if (deeper.length === 0) return scope
  const [t, token, ...more] = deeper
  const personal = t?.toLowerCase() === 't' && more.length === 0 ? tokenFolder(token) : undefined
  return personal && { ...scope, ...personal }
}

/** `/configfiles/files/<id>/<name>`, and by a phone's personal address `/configfiles/t/<token>/<mac>/<id>/<name>`. */
function auxiliaryFile(segments: readonly string[]): FileRequest | undefined {
  const [first, second, ...rest] = segments
  if (first?.toLowerCase() !== 'configfiles') return undefined
  const [id = '', name = '', ...more] = second === 'files' ? rest : rest.slice(2)
  if (more.length > 0 || !AUXILIARY_ID.test(id) || !AUXILIARY_NAME.test(name)) return undefined
  const asked = { kind: 'auxiliary', id: id.toLowerCase(), name } as const
  if (second === 'files') return asked
  const [token = '', mac] = [rest[0], parseMac(rest[1] ?? '')]
  return second?.toLowerCase() === 't' && TOKEN.test(token) && mac ? { ...asked, mac, token } : undefined
}

function fileIn(folder: Folder, file: string): FileRequest | undefined {
  const scope = folder.scope && { scope: folder.scope }
  const stem = file.slice(0, -4)
  switch (file.slice(-4).toLowerCase()) {
    case '.img':
      return imageNamed(stem, folder)
    case '.cfx':
      return encryptedFile(stem, folder)
    case '.cfg':
      break
    default:
      return undefined
  }
  if (folder.mac) return undefined
  if (BOOTSTRAP.test(file)) return { kind: 'bootstrap', ...scope }
  const mac = parseMac(stem)
  if (mac) return { kind: 'device-config', mac, ...folder }
  return SHARED_PART.test(file) ? { kind: 'global-config', name: file, ...scope } : undefined
}

function encryptedFile(stem: string, folder: Folder): FileRequest | undefined {
  const mac = folder.mac ? undefined : parseMac(stem)
  return mac && { kind: 'device-config', mac, encrypted: true, ...folder }
}

function imageNamed(stem: string, folder: Folder): FileRequest | undefined {
  const said = { ...(folder.mac && { mac: folder.mac }), ...(folder.scope && { scope: folder.scope }) }
  if (IMAGE.test(stem)) return { kind: 'firmware', model: '', image: stem.toLowerCase(), ...said }
  return MODEL.test(stem) && sameModel(folder, stem) ? { kind: 'firmware', model: stem, ...said } : undefined
}

/** `<MODEL>/<MODEL>.img`: an image lies only in its own model's folder. */
function sameModel({ model }: Folder, stem: string): boolean {
  return model === undefined || model.toLowerCase() === stem.toLowerCase()
}
