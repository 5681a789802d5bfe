// SPDX-License-Identifier: Apache-2.0
import type { Firmware } from '#daemon/domain/firmware'
import type { Store } from '#daemon/store/store'
import { levels, templates } from '#daemon/store/tables'
import { imageName } from '#daemon/vendors/audiocodes/firmware-image'

/** Names of image files in a text; a path before them does not matter. */
const FILES = /[\w.-]{1,128}\.img\b/gi

/**
 * Where people wrote the name of this very image into a template or a setting (`FirmwareFile`), by its hash or by model
 * and version: phones that follow it would find nothing when the image was gone.
 */
export function mentions(store: Store, image: Firmware): string[] {
  const found: string[] = []
  for (const { value } of store.entries(templates)) {
    if (names(`${value.global}\n${value.private}`, image)) found.push(`template ${value.title}`)
  }
  for (const { key, value } of store.entries(levels)) {
    if ([...Object.values(value.values), value.lines].some((text) => names(text, image)))
      found.push(`settings of ${key}`)
  }
  return found
}

function names(text: string, { id, models, version }: Firmware): boolean {
  for (const [file] of text.matchAll(FILES)) {
    if (file.slice(0, -4).toLowerCase() === id) return true
    const said = imageName(file)
    if (said.version !== '' && said.version.toUpperCase() === version.toUpperCase() && models.includes(said.model)) {
      return true
    }
  }
  return false
}
