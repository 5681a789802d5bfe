// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Of this Offhook, as its package.json says; it lies above the sources as above `dist`. */
export function version(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
        string,
        unknown
      >
      if (name === 'offhook') return String(version)
    } catch {
      // Further up.
    }
  }
  return 'unknown'
}
