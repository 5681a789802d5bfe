// SPDX-License-Identifier: Apache-2.0
import { newPhone } from '#daemon/domain/phone'
import { LogFiles } from '#daemon/services/phone-logs/log-files'
import { PhoneLogs } from '#daemon/services/phone-logs/phone-logs'
import { put } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { decode } from '#protocols/syslog/codec'
import { freshFolder } from '#test/store/folder'
import { freshStore } from '#test/support/store'
import { MemoryPort, phone } from './memory-port.ts'

const ADDRESS = '10.1.2.3'

/** The memory port with the real service of logs, which knows one phone. */
export async function portWithLogs(mac: Mac, enabled = true) {
  const store = await freshStore()
  await store.commit([put(phones, mac, { ...newPhone(mac, 0), address: ADDRESS })], { durable: false })
  const files = new LogFiles(freshFolder(), { perPhone: 4_000_000, total: 8_000_000 })
  await files.open()
  const port = new MemoryPort()
  port.fleet.put(phone(mac, { displayName: 'Anna Arnold' }))
  const phoneLogs = new PhoneLogs({
    ...{ store, files, announce: () => {} },
    ...{ port: enabled ? 514 : undefined, now: () => port.clock },
  })
  /** Syslog messages, as the phone sends them. */
  const say = async (...texts: string[]) => {
    for (const text of texts) {
      await phoneLogs.log({
        ...{ message: decode(Buffer.from(text)), transport: 'udp' },
        peer: { address: ADDRESS, port: 1 },
      })
    }
    await files.flush()
  }
  return Object.assign(port, { phoneLogs, say })
}
