// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod'
import { endpoint, restart } from './fields.ts'

export const syslog = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .meta(restart('Receiver', 'Keep what phones log; who asks a phone for its log needs it.')),
  listen: endpoint.prefault('0.0.0.0:514').meta(restart('Listener', 'Address and port, for UDP and TCP alike.')),
  kilobytesPerPhone: z
    .int()
    .min(16)
    .max(65_536)
    .default(512)
    .meta(restart('Log of one phone', 'Kilobytes; the oldest lines make room.')),
  megabytes: z
    .int()
    .min(1)
    .max(102_400)
    .default(200)
    .meta(restart('All logs', 'Megabytes; the log that was written to longest ago makes room.')),
})
