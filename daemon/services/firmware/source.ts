// SPDX-License-Identifier: Apache-2.0
import type { Asker, FileAnswer, FileRequest } from '#protocols/provisioning/port'

export type FirmwareRequest = Extract<FileRequest, { kind: 'firmware' }>

/** Who has firmware images: all that provisioning asks of it. */
export interface FirmwareSource {
  fileFor(request: FirmwareRequest, asker: Asker): Promise<FileAnswer>
}
