// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EXPORT_TARGETS, exportFor } from '#daemon/services/dhcp-export/targets'
import { ODD, planOf, SOME_ONLY, VOICE } from './plans.ts'

const FOLDER = join(import.meta.dirname, 'golden')

/*
 * Whole exports, for people to read before they paste them. What Kea, ISC dhcpd and dnsmasq make of theirs is proven in
 * test/netns/dhcp-export.test.ts; the others are held to the syntax in their makers' manuals by these files alone.
 */
describe.each(EXPORT_TARGETS)('the export for %s', (target) => {
  it.each([
    ['one network', planOf(VOICE)],
    ['two networks, with names and URLs that want to break out', planOf(VOICE, ODD)],
    ['some clients only', SOME_ONLY],
  ])('%s', (name, plan) => {
    const file = join(FOLDER, `${target}-${name.split(',')[0]?.replaceAll(' ', '-')}.txt`)
    // Git keeps line feeds; PowerShell gets its own line ends.
    const text = exportFor(target, plan).replaceAll('\r\n', '\n')
    expect(text).toBe(readFileSync(file, 'utf8'))
  })
})
