// SPDX-License-Identifier: Apache-2.0
import { type Firmware, type FirmwareChoice, phoneOf } from '#daemon/domain/firmware'
import { type ScopeTree, SYSTEM } from '#daemon/domain/scope'
import { formatMac } from '#protocols/lib/mac'
import { count } from '#web/format'
import type { Badge, Tab } from '#web/kit/cell'
import type { ImageRow, ImageUse, ModelRow } from '#web/ports/firmware'

export const HOME = '/firmware'
export const IMAGES = `${HOME}/images`
export const UPLOAD = `${HOME}/upload`
export const TRAIL = [{ label: 'Firmware', href: HOME }]
export const IMAGES_TRAIL = [...TRAIL, { label: 'Images', href: IMAGES }]

export function tabs(current: 'models' | 'images'): { readonly label: string; readonly tabs: readonly Tab[] } {
  return {
    label: 'Firmware',
    tabs: [
      { label: 'Models', href: HOME, current: current === 'models' },
      { label: 'Images', href: IMAGES, current: current === 'images' },
    ],
  }
}

export function modelHref(model: string): string {
  return `${HOME}/models/${encodeURIComponent(model)}`
}

export function imageHref(id: string): string {
  return `${IMAGES}/${id}`
}

/** `2.2.16.704`, or what else it can be told by. */
export function versionText({ version, fileName, id }: Firmware): string {
  return version || `${fileName} (${id.slice(0, 8)})`
}

export function sizeText(bytes: number): string {
  return bytes < 2 ** 20 ? `${count(Math.ceil(bytes / 1024))} KB` : `${(bytes / 2 ** 20).toFixed(1)} MB`
}

/** Where a choice holds. */
export function whereText({ where }: Pick<FirmwareChoice, 'where'>, tree: ScopeTree): string {
  const mac = phoneOf({ where })
  if (mac) return `Phone ${formatMac(mac)}`
  if (where === SYSTEM.id) return 'Everywhere'
  const scope = tree.get(where)
  return scope ? `${scope.kind} ${tree.pathText(where).replaceAll('/', ' / ')}` : 'A place that is gone'
}

export function stateOf({ phones, missing, everywhere, folder }: ModelRow): Badge {
  if (missing > 0 && missing === phones) return { badge: 'No image', tone: 'bad' }
  if (missing > 0) return { badge: `No image for ${count(missing)}`, tone: 'bad' }
  if (everywhere) return everywhere.image ? { badge: 'Chosen', tone: 'ok' } : { badge: 'Image is gone', tone: 'bad' }
  if (folder) return { badge: 'From the folder', tone: 'info' }
  return phones > 0 ? { badge: 'Chosen in places', tone: 'ok' } : { badge: 'Not chosen', tone: 'idle' }
}

/** One line for each kind that there is. */
export function driftLines({ phones, drift }: ModelRow): string[] {
  if (phones === 0) return ['No phone']
  return [
    drift.current > 0 ? `${count(drift.current)} up to date` : '',
    drift.other > 0 ? `${count(drift.other)} on another version` : '',
    drift.unknown > 0 ? `${count(drift.unknown)} not known` : '',
  ].filter((text) => text !== '')
}

export function imageBadge({ isLost, image, wanted }: ImageRow): Badge {
  if (isLost) return { badge: 'File is lost', tone: 'bad' }
  if (image.doubts.length > 0) return { badge: 'Kept with doubts', tone: 'warn' }
  return wanted > 0 ? { badge: 'In use', tone: 'ok' } : { badge: 'Ready', tone: 'idle' }
}

export const CHECKSUMS: Readonly<Record<Firmware['checksum'], Badge>> = {
  whole: { badge: 'Good, of the whole file', tone: 'ok' },
  body: { badge: 'Good, of all but the header', tone: 'ok' },
  header: { badge: 'Good, of the header', tone: 'ok' },
  wrong: { badge: 'Wrong', tone: 'bad' },
  none: { badge: 'It has none', tone: 'idle' },
}

export function useSentence({ kind, model, where }: ImageUse, tree: ScopeTree): string {
  if (kind === 'choice') return `Chosen for ${model}: ${whereText({ where }, tree)}`
  if (kind === 'template') return `Named in the ${where}`
  return model === '' ? `Needed by ${where}` : `A rollout keeps ${where} phones of model ${model} on it`
}

export const GONE = 'Somebody else has just changed it. Look again before you change it.'
