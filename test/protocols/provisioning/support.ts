// SPDX-License-Identifier: Apache-2.0
import type { Asker, FileAnswer, FileRequest, ProvisioningPort } from '#protocols/provisioning/port'
import { resourceOf } from '#test/protocols/http/support'

export const CONFIG = 'system/type=420HD\nems_server/keep_alive_period=60\n'
export const FIRMWARE = Buffer.alloc(300_000, 'firmware')

/** Holds one phone, one model and one template; remembers what it was asked. */
export class Shelf implements ProvisioningPort {
  readonly asked: { readonly request: FileRequest; readonly asker: Asker }[] = []

  async fileFor(request: FileRequest, asker: Asker): Promise<FileAnswer> {
    this.asked.push({ request, asker })
    switch (request.kind) {
      case 'bootstrap':
        return text('provisioning/method=STATIC\n')
      case 'device-config':
        if (request.mac === '00908f000403') return { kind: 'refuse', status: 403, reason: 'this phone was rejected' }
        if (request.mac === '00908f000503') return { kind: 'refuse', status: 503, reason: 'no server address is set' }
        if (request.mac === '00908f000500') throw new Error('the disk is full')
        return text(CONFIG)
      case 'global-config':
        return text(`; ${request.name}\n`)
      case 'auxiliary':
        return text(`${request.id}\n`)
      case 'firmware':
        if (request.model !== '420HD')
          return { kind: 'refuse', status: 404, reason: `there is no firmware for ${request.model}` }
        return { kind: 'file', resource: resourceOf(FIRMWARE) }
    }
  }
}

function text(content: string): FileAnswer {
  return { kind: 'file', resource: resourceOf(Buffer.from(content), { contentType: 'text/plain; charset=utf-8' }) }
}
