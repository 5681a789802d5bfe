// SPDX-License-Identifier: Apache-2.0
import { type AuxiliaryFile, isSlot, SLOTS } from '#daemon/domain/auxiliary'
import type { LevelKey } from '#daemon/domain/provisioning/level-settings'
import type { PhoneAccess } from '#daemon/services/phone-secrets/access'
import type { Store } from '#daemon/store/store'
import { levelFiles, phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import type { Asker, FileAnswer, FileRequest } from '#protocols/provisioning/port'
import type { AuxiliaryFiles } from './files.ts'

export interface AuxiliaryServingOptions {
  readonly store: Store
  readonly files: AuxiliaryFiles
  readonly access: Pick<PhoneAccess, 'judge' | 'isAtHome'>
  /** The levels whose files are the phone's, the nearest last. */
  readonly levelsOf: (mac: Mac) => readonly LevelKey[]
}

type AuxiliaryRequest = Extract<FileRequest, { kind: 'auxiliary' }>

/** Gives phones the files that their configuration names: a private key only to the phone whose it is. */
export class AuxiliaryServing {
  readonly #options: AuxiliaryServingOptions

  constructor(options: AuxiliaryServingOptions) {
    this.#options = options
  }

  async fileFor(request: AuxiliaryRequest, asker: Asker): Promise<FileAnswer> {
    const { files, access, store } = this.#options
    const { id, name, mac, token } = request
    const file = files.get(id)
    if (!file || file.name.toLowerCase() !== name.toLowerCase()) return refuse(404, 'there is no such file')
    if (file.kind === 'key') {
      const phone = mac && store.get(phones, mac)?.value
      if (!mac || !phone) return refuse(403, 'a private key is asked for by a phone’s personal address')
      const judged = await access.judge(mac, phone, token, asker)
      if (judged === 'busy') return refuse(503, 'too many files of other phones are asked for from there')
      if (judged.level !== 'secrets' || judged.token !== token || token === undefined) {
        return refuse(403, 'who asks did not prove to be that phone')
      }
      if (!access.isAtHome(phone, asker)) return refuse(403, 'a private key goes to the phone’s own address only')
      if (!this.#isFor(mac, file)) return refuse(403, 'the private key is another phone’s')
    }
    const resource = await files.open(file)
    return resource ? { kind: 'file', resource } : refuse(404, 'the file is not on disk any more')
  }

  /** Whether the nearest level that has a file for some use of the phone has this one. */
  #isFor(mac: Mac, file: AuxiliaryFile): boolean {
    const nearest: Record<string, string> = {}
    for (const level of this.#options.levelsOf(mac)) {
      Object.assign(nearest, this.#options.store.get(levelFiles, level)?.value.files)
    }
    return Object.entries(nearest).some(([slot, id]) => id === file.id && isSlot(slot) && SLOTS[slot].kind === 'key')
  }
}

function refuse(status: 403 | 404 | 503, reason: string): FileAnswer {
  return { kind: 'refuse', status, reason }
}
