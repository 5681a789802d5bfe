// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Part } from '#daemon/lifecycle'
import { Choices } from '#daemon/services/firmware/choices'
import { FirmwareDesk } from '#daemon/services/firmware/desk'
import { FirmwareFiles } from '#daemon/services/firmware/dropped'
import { ImageFiles } from '#daemon/services/firmware/image-files'
import { ImageLibrary } from '#daemon/services/firmware/library'
import { PhonesByAddress } from '#daemon/services/firmware/phones-by-address'
import { PieceCache } from '#daemon/services/firmware/piece-cache'
import { FirmwareServing } from '#daemon/services/firmware/serving'
import { Wanted } from '#daemon/services/firmware/wanted'
import type { Scopes } from '#daemon/services/scopes/scopes'
import { identify } from '#daemon/vendors/audiocodes/identify'
import type { Foundation } from './foundation.ts'

/** Bytes of images that are kept for all who read them: about one image, so that a boot storm reads it once. */
const READ_CACHE = 64 * 2 ** 20

/** Firmware images, which phone gets which, and who may say so. */
export function composeFirmware({ config, configuration, store, now, announce }: Foundation, places: Scopes) {
  const folder = join(config.data.folder, 'firmware')
  const pieces = new PieceCache(READ_CACHE)
  const files = new ImageFiles(folder, randomBytes, pieces)
  const dropped = new FirmwareFiles(folder, pieces)
  const mostBytes = () => configuration.current.firmware.maxMegabytes * 2 ** 20
  const library = new ImageLibrary({ store, files, now, announce, mostBytes })
  const choices = new Choices({ store, now, announce })
  const addresses = new PhonesByAddress()
  const serving = new FirmwareServing({ store, library, choices, dropped, places, addresses, identify, now })
  const wanted = new Wanted({ library, choices, serving, dropped }, now)
  const desk = new FirmwareDesk({ store, library, choices, dropped, serving, places, mostBytes })
  configuration.follow('firmware', () => () => {}) // asked for anew each time
  const part: Part = {
    name: 'firmware',
    async start() {
      await library.start()
      choices.start()
      addresses.start(store)
    },
    async stop() {
      addresses.stop()
      choices.stop()
    },
  }
  return { parts: [part], prepare: () => files.prepare(), desk, library, choices, serving, wanted }
}
