// SPDX-License-Identifier: Apache-2.0
import type { Addition } from '#daemon/domain/provisioning/device-file'
import { featureLines } from '#daemon/domain/provisioning/key-features'
import type { LevelSettings } from '#daemon/domain/provisioning/level-settings'
import type { Programs } from './programs.ts'

/** What a level adds to its phones' files: its key features, and after them, so that they win, its own lines. */
export function levelAdditions(from: string, settings: LevelSettings | undefined, programs: Programs): Addition[] {
  if (!settings) return []
  const features = featureLines(settings.features).map(({ title, lines }) => ({
    from: `${from}, ${title}`,
    program: programs.of(lines.join('\n')),
  }))
  const { lines } = settings
  return lines.trim() === '' ? features : [...features, { from, program: programs.of(lines) }]
}
