// SPDX-License-Identifier: Apache-2.0

/** What an auxiliary file is, which says how it is checked. */
export type AuxiliaryKind = 'directory' | 'speed-dials' | 'ring-tones' | 'certificate' | 'key'

/** What a phone uses a file for. */
export type Slot = keyof typeof SLOTS

/**
 * The settings by which phones are told their files. `who`: everybody who asks, phones that were let in, or a phone that
 * has proved to be itself and asks by its personal address.
 */
export const SLOTS = {
  'corporate-directory': slot('Corporate directory', 'directory', 'provisioning/corporate_directory_uri', 'approved'),
  'speed-dials': slot('Speed dials', 'speed-dials', 'provisioning/speed_dial_uri', 'approved'),
  'ring-tones': slot('Ring tones', 'ring-tones', 'provisioning/ring_tone_uri', 'everybody'),
  'root-ca-1': slot('Root CA 1', 'certificate', 'security/ca_certificate/0/uri', 'everybody'),
  'root-ca-2': slot('Root CA 2', 'certificate', 'security/ca_certificate/1/uri', 'everybody'),
  'root-ca-3': slot('Root CA 3', 'certificate', 'security/ca_certificate/2/uri', 'everybody'),
  'root-ca-4': slot('Root CA 4', 'certificate', 'security/ca_certificate/3/uri', 'everybody'),
  'root-ca-5': slot('Root CA 5', 'certificate', 'security/ca_certificate/4/uri', 'everybody'),
  '802.1x-certificate': slot('802.1X certificate', 'certificate', 'security/ieee802_1x_certificate_uri', 'everybody'),
  '802.1x-key': slot('802.1X private key', 'key', 'security/ieee802_1x_private_key_uri', 'itself'),
  'sip-certificate': slot('SIP certificate', 'certificate', 'security/sip_certificate_uri', 'everybody'),
  'sip-key': slot('SIP private key', 'key', 'security/sip_private_key_uri', 'itself'),
  'update-certificate': slot('Update certificate', 'certificate', 'security/autoupdate_certificate_uri', 'everybody'),
  'update-key': slot('Update private key', 'key', 'security/autoupdate_private_key_uri', 'itself'),
} as const

interface SlotFacts {
  readonly title: string
  readonly kind: AuxiliaryKind
  /** Of the phone's configuration. */
  readonly setting: string
  readonly who: 'everybody' | 'approved' | 'itself'
}

function slot(title: string, kind: AuxiliaryKind, setting: string, who: SlotFacts['who']): SlotFacts {
  return { title, kind, setting, who }
}

export function isSlot(text: string): text is Slot {
  return Object.hasOwn(SLOTS, text)
}

/** Endings that files may have, and bytes that they may be long. */
export const KINDS: Readonly<
  Record<AuxiliaryKind, { readonly title: string; readonly endings: readonly string[]; readonly most: number }>
> = {
  directory: { title: 'Corporate directory', endings: ['xml', 'csv', 'txt'], most: 2 ** 20 },
  'speed-dials': { title: 'Speed dials', endings: ['csv', 'txt'], most: 2 ** 18 },
  'ring-tones': { title: 'Ring tones', endings: ['wav', 'zip', 'tgz'], most: 8 * 2 ** 20 },
  certificate: { title: 'Certificate', endings: ['pem', 'crt', 'cer'], most: 2 ** 17 },
  key: { title: 'Private key', endings: ['pem', 'key'], most: 2 ** 17 },
}

export const LARGEST_AUXILIARY = Math.max(...Object.values(KINDS).map(({ most }) => most))

/** A file that phones may be told to fetch. Its bytes are kept apart, a private key's sealed. */
export interface AuxiliaryFile {
  /** 16 hex digits. */
  readonly id: string
  readonly kind: AuxiliaryKind
  /** As phones ask for it: letters, digits, dots, hyphens and underscores. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  /** SHA-256 in hex of what is kept on disk, and its name there. */
  readonly stored: string
  /** What it says of itself, in words: a certificate's subject, how many entries. */
  readonly about: string
  /** When a certificate runs out, in milliseconds since the epoch; 0 for everything else. */
  readonly expiresAt: number
  readonly at: number
  readonly by: string
}

/** The files of one level, keyed like its settings: the id of each slot's file. */
export interface LevelFiles {
  readonly files: Readonly<Partial<Record<Slot, string>>>
}

/** At most so long that a personal address with it stays below the 128 characters that phones take. */
const NAME = /^(?!\.)[A-Za-z0-9._-]{1,28}$/

export function endingOf(name: string): string {
  return /\.([A-Za-z0-9]{1,5})$/.exec(name)?.[1]?.toLowerCase() ?? ''
}

/** A browser's name for a file as one that phones can ask for; empty when nothing is left of it. */
export function servedName(name: string): string {
  const ending = endingOf(name)
  const stem = name.slice(0, name.length - ending.length - 1).replaceAll(/[^A-Za-z0-9_-]+/g, '-')
  const served = `${stem.replaceAll(/^-+|-+$/g, '').slice(0, 22) || 'file'}.${ending}`
  return ending !== '' && NAME.test(served) ? served : ''
}

/** The lines by which a level tells phones of its files; `know` finds a file by its id. */
export function fileLines(level: LevelFiles | undefined, know: (id: string) => AuxiliaryFile | undefined): string {
  const lines = Object.entries(level?.files ?? {}).flatMap(([slot, id]) => {
    const file = isSlot(slot) ? know(id) : undefined
    if (!file || !isSlot(slot)) return []
    const { setting, who } = SLOTS[slot]
    const place = { everybody: '%ITCS_FilesUrl%', approved: '%ITCS_ApprovedFilesUrl%', itself: '%ITCS_OwnFilesUrl%' }
    return [`${setting}=${place[who]}${file.id}/${file.name}`]
  })
  return lines.join('\n')
}
