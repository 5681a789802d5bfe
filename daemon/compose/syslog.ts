// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import type { Part } from '#daemon/lifecycle'
import type { Reading } from '#daemon/metrics'
import { LogFiles } from '#daemon/services/phone-logs/log-files'
import { PhoneLogs } from '#daemon/services/phone-logs/phone-logs'
import { SyslogServer } from '#protocols/syslog/server'
import type { Foundation } from './foundation.ts'

/** How often lines are written, in milliseconds: so many of them a crash may lose. */
const FLUSH_MS = 1_000
const HOUR_MS = 3600 * 1000

/** What phones log, and asking them for it. */
export function composeSyslog({ config, store, announce, now, observe, onFault }: Foundation) {
  const { enabled, listen, kilobytesPerPhone, megabytes } = config.syslog
  const limits = { perPhone: kilobytesPerPhone * 1024, total: megabytes * 1024 * 1024 }
  const files = new LogFiles(join(config.data.folder, 'phone-logs'), limits)
  const logs = new PhoneLogs({ store, files, announce, now, port: enabled ? listen.port : undefined })
  const server = new SyslogServer({ listen, port: logs, observe })
  const timers: NodeJS.Timeout[] = []
  const part: Part = {
    name: 'phone-logs',
    async start() {
      await files.open()
      timers.push(setInterval(() => void files.flush().catch(onFault), FLUSH_MS))
      timers.push(setInterval(() => void logs.tick().catch(onFault), HOUR_MS))
    },
    async stop() {
      for (const timer of timers.splice(0)) clearInterval(timer)
      await files.flush()
    },
  }
  const readings: Reading[] = [
    { name: 'offhook_phone_log_bytes', help: 'Bytes of the phones’ logs.', read: () => files.bytes },
  ]
  return { parts: [part], servers: enabled ? [server] : [], readings, logs }
}
