// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { builtInPlaceholders, shippedTemplates } from '#config/templates'
import { Archive } from '#daemon/services/archive/archive'
import { History } from '#daemon/services/provisioning/changes/history'
import { Programs } from '#daemon/services/provisioning/programs'
import { Renderer, type RendererOptions } from '#daemon/services/provisioning/renderer'
import { Scopes } from '#daemon/services/scopes/scopes'
import { OverlayStore } from '#daemon/store/overlay-store'
import type { Ipv4 } from '#protocols/lib/ipv4'
import { peopleWith } from '#test/support/people'
import type { ArchiveReport } from '#web/ports/archive'

/** The real service of archives upon a real, empty store. */
export async function archiveHouse() {
  const { store, people, vault, scopes, files } = await peopleWith([])
  const options: RendererOptions = {
    ...{ programs: new Programs(), now: () => 7, shipped: shippedTemplates(), builtIn: builtInPlaceholders() },
    ...{ subnets: [], serverAddress: '10.1.0.2' as Ipv4, ports: { files: 80, keepAlive: 8081 }, keepAliveMinutes: 60 },
  }
  const history = new History({ store, now: () => 7, settings: { revisions: 100, days: 100 } })
  await history.start()
  onTestFinished(() => history.stop())
  const archive = new Archive({
    ...{ store, now: () => 7, vault, announce: () => {}, scopes, people: files, shipped: shippedTemplates() },
    log: history,
    rendererOf: (tables) => new Renderer(tables, options),
    picture: () => new OverlayStore(store),
    async scopesOf(tables) {
      const picture = new Scopes({
        ...{ store: tables, now: () => 7, random: randomBytes, announce: () => {}, networks: [] },
      })
      await picture.start()
      return picture
    },
  })
  const take = async (bytes: Uint8Array, dryRun = false): Promise<ArchiveReport> => {
    const report = await archive.import(bytes, dryRun, 'tom')
    if ('kind' in report) throw new Error(report.reason)
    return report
  }
  return { store, history, people, files, vault, scopes, archive, take }
}
