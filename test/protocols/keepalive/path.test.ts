// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { keepalivePath } from '#protocols/keepalive/path'

describe('where keep-alives are posted to', () => {
  it.each([
    ['/rest/v1/ipphoneMgrStatus/keep-alive', 'keep-alive', []],
    ['/rest/v1/ipphoneMgrStatus/init', 'init', []],
    ['/REST/V1/IPPHONEMGRSTATUS/KEEP-ALIVE', 'keep-alive', []],
    ['/rest/v1/ipphoneMgrStatus/keep-alive/', 'keep-alive', []],
    ['//rest//v1//ipphoneMgrStatus//init//', 'init', []],
    ['/c/Acme/p/Basic/rest/v1/ipphoneMgrStatus/keep-alive', 'keep-alive', ['c', 'Acme', 'p', 'Basic']],
    ['//t//s3cr3t//rest/v1/ipphoneMgrStatus/init', 'init', ['t', 's3cr3t']],
    ['/rest/v1/rest/v1/ipphoneMgrStatus/init', 'init', ['rest', 'v1']],
  ])('%s', (path, operation, prefix) => {
    expect(keepalivePath(path)).toEqual({ operation, prefix })
  })

  it.each([
    '/',
    '/rest/v1/ipphoneMgrStatus',
    '/rest/v1/ipphoneMgrStatus/',
    '/rest/v1/ipphoneMgrStatus/other',
    '/rest/v2/ipphoneMgrStatus/init',
    '/rest/v1/ipphoneMgrAlert/alert',
    '/xrest/v1/ipphoneMgrStatus/init',
    '/rest/v1/ipphoneMgrStatus/initx',
    '/rest/v1/ipphoneMgrStatus/init/x',
    `${'/x'.repeat(17)}/rest/v1/ipphoneMgrStatus/init`,
    `${'/x'.repeat(3_000)}/rest/v1/ipphoneMgrStatus/init`,
  ])('%s is none', (path) => {
    expect(keepalivePath(path)).toBeUndefined()
  })

  it('takes time in proportion to its length', () => {
    const hostile = [
      '/rest'.repeat(1_600),
      '/rest/v1'.repeat(1_000),
      `/rest${'/'.repeat(8_000)}`,
      `/rest/v1/ipphoneMgrStatus/init${'/'.repeat(8_000)}x`,
    ]
    const began = performance.now()
    for (let i = 0; i < 20; i++) for (const path of hostile) keepalivePath(path)
    expect(performance.now() - began).toBeLessThan(1_500)
  })
})
