// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCfg } from '#daemon/simulator/cfg'
import { readConfiguration } from '#daemon/simulator/config-reader'
import { StepFailure } from '#daemon/simulator/failure'

describe('cfg lines', () => {
  it('values with blanks, semicolons, equals signs and quotes; comments; both line endings', () => {
    const text =
      '\uFEFF; all phones\r\na/b=1\nc = two words \r\n  ;x=1\n\nurl=http://s/fw;x.cfg?a=b\rinclude "d.cfg"\n=3\nword'
    expect(parseCfg(text)).toEqual([
      { kind: 'value', name: 'a/b', value: '1' },
      { kind: 'value', name: 'c', value: 'two words' },
      { kind: 'value', name: 'url', value: 'http://s/fw;x.cfg?a=b' },
      { kind: 'include', target: 'd.cfg' },
      { kind: 'unreadable' },
      { kind: 'unreadable' },
    ])
  })

  it('too many lines, or one too long, is no cfg', () => {
    expect(() => parseCfg('a=1\n'.repeat(30_000))).toThrow('cfg of more than 20000 lines')
    expect(() => parseCfg(`a=${'x'.repeat(5000)}`)).toThrow('cfg line longer than 4096 characters')
  })

  it('any text is read or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        for (const line of parseCfg(text)) expect(['value', 'include', 'unreadable']).toContain(line.kind)
      }),
      { numRuns: 100 },
    )
  })
})

describe('a configuration of several files', () => {
  const read = async (files: Record<string, string>, first = 'http://s/dir/a.cfg') => {
    const fetched: string[] = []
    const configuration = await readConfiguration(new URL(first), async (url) => {
      fetched.push(url.href)
      const text = files[url.href.replace('http://s/dir/', '')]
      if (text === undefined) throw new StepFailure('HTTP 404', 'missing')
      return text
    })
    return { ...configuration, values: Object.fromEntries(configuration.values), fetched }
  }

  it('later lines win, an included file counts where it is included, names are beside the including file', async () => {
    const files = { 'a.cfg': 'x=1\ny=1\ninclude b.cfg\ny=3', 'b.cfg': 'x=2\ny=2', 'http://t/c.cfg': 'z=1' }
    expect(await read(files)).toEqual({
      values: { x: '2', y: '3' },
      oddities: 0,
      fetched: ['http://s/dir/a.cfg', 'http://s/dir/b.cfg'],
    })
    expect((await read({ ...files, 'a.cfg': 'include http://t/c.cfg' })).values).toEqual({ z: '1' })
  })

  it('a circle of includes ends, and is odd', async () => {
    const { fetched, oddities } = await read({ 'a.cfg': 'include b.cfg', 'b.cfg': 'include a.cfg\ninclude b.cfg' })
    expect(fetched).toHaveLength(2)
    expect(oddities).toBe(2)
  })

  it('a tower and a fan of includes are bounded', async () => {
    const tower = Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`${i}.cfg`, `include ${i + 1}.cfg`]))
    await expect(read(tower, 'http://s/dir/0.cfg')).rejects.toThrow('include: includes deeper than 8')
    const fan = Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`${i}.cfg`, '']))
    fan['a.cfg'] = Array.from({ length: 99 }, (_, i) => `include ${i}.cfg`).join('\n')
    await expect(read(fan)).rejects.toThrow('include: more than 16 cfg files')
  })

  it('many values over many files are bounded', async () => {
    const many = (letter: string) => Array.from({ length: 15_000 }, (_, i) => `${letter}${i}=1`).join('\n')
    await expect(read({ 'a.cfg': `include b.cfg\n${many('a')}`, 'b.cfg': many('b') })).rejects.toThrow(
      'more than 20000 cfg values',
    )
  })

  it('names that mean something to JavaScript are only names', async () => {
    const { values } = await readConfiguration(new URL('http://s/x'), async () => '__proto__=1\nconstructor=2')
    expect([...values]).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ])
  })

  it.each(['file:///etc/passwd', 'ftp://s/x.cfg', 'http://['])('include %s is refused', async (target) => {
    await expect(read({ 'a.cfg': `include ${target}` })).rejects.toThrow('include: address not understood')
  })

  it('a missing included file says so', async () => {
    await expect(read({ 'a.cfg': 'include b.cfg' })).rejects.toThrow('include: HTTP 404')
  })

  it('an encrypted file is fetched and not read', async () => {
    const { values, fetched } = await read({ 'a.cfg': 'include b.cfx\nx=1', 'b.cfx': 'x=2\ninclude c.cfg' })
    expect([values, fetched.length]).toEqual([{ x: '1' }, 2])
  })
})
