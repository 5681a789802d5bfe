// SPDX-License-Identifier: Apache-2.0
import { expect, onTestFinished, test } from 'vitest'
import { isAtLeast, logLine } from '#web/pages/log-lines'
import { listen, location, signedIn } from './client.ts'
import { mac } from './memory-port.ts'
import { portWithLogs } from './phone-logs-port.ts'

const MAC = mac('00908f123456')
const LOG = `/devices/${MAC}/log`

async function office(enabled = true) {
  const port = await portWithLogs(MAC, enabled)
  const site = await listen(port)
  onTestFinished(async () => {
    await site.close()
    expect(site.faults).toEqual([])
  })
  return { port, site, visitor: await signedIn(site) }
}

/** The texts of the lines on a page, in its order. */
function texts(html: string): string[] {
  return [...html.matchAll(/<span class="log-text mono">(.*?)<\/span>/gs)].map(([, text = '']) => text)
}

test('the log stands on a page of the phone, newest first, its severities in words, and hostile lines are text', async () => {
  const { port, visitor } = await office()
  expect(await visitor.page(LOG)).toContain('This phone has sent no log yet')
  await port.say('<11>sip: first', '<12>sip[7]: <script>alert(1)</script>', '<14>net: "><img src=x onerror=alert(2)>')
  expect(await visitor.page(`/devices/${MAC}`)).toContain(`href="${LOG}"`)
  const html = await visitor.page(LOG)
  expect(texts(html)).toEqual([
    'net: &quot;&gt;&lt;img src=x onerror=alert(2)&gt;',
    'sip[7]: &lt;script&gt;alert(1)&lt;/script&gt;',
    'sip: first',
  ])
  expect(html).toMatch(/tone-bad">.*?Error<\/span>/s)
  expect(html).toMatch(/tone-warn">.*?Warning<\/span>/s)
  expect(html).toContain('Log of Anna Arnold')
  expect(html).toContain('3 lines')
})

test('it is searched by words and severity, and paged', async () => {
  const { port, visitor } = await office()
  await port.say(...Array.from({ length: 250 }, (_, n) => `<${n % 50 === 0 ? 11 : 14}>sip: line ${n}`))
  expect(texts(await visitor.page(LOG))).toHaveLength(100)
  expect(texts(await visitor.page(`${LOG}?page=3`))).toEqual(
    Array.from({ length: 50 }, (_, n) => `sip: line ${49 - n}`),
  )
  const errors = [200, 150, 100, 50, 0].map((n) => `sip: line ${n}`)
  expect(texts(await visitor.page(`${LOG}?severity=warning`))).toEqual(errors)
  expect(texts(await visitor.page(`${LOG}?severity=critical`))).toEqual([])
  expect(texts(await visitor.page(`${LOG}?text=LINE+24`))).toHaveLength(11)
  expect(await visitor.page(`${LOG}?text=nothing`)).toContain('No line is like that')
  // What makes no sense counts as absent, and there is no page behind the last.
  expect(texts(await visitor.page(`${LOG}?severity=__proto__&page=999`))).toHaveLength(50)
  const part = await (await visitor.get(LOG, { 'HX-Request': 'true' })).text()
  expect([part.startsWith('<div id="list"'), part.includes('<html')]).toEqual([true, false])
})

test('it is kept as a file, whole and the oldest first', async () => {
  const { port, visitor } = await office()
  await port.say(...Array.from({ length: 300 }, (_, n) => `<14>sip: <b>${n}</b>`))
  const file = await visitor.get(`${LOG}/download`)
  expect(file.headers.get('Content-Type')).toBe('text/plain; charset=utf-8')
  expect(file.headers.get('Content-Disposition')).toBe(`attachment; filename="${MAC}-log.txt"`)
  const lines = (await file.text()).split('\n')
  expect([lines.length, lines[0]?.slice(25), lines[299]?.slice(25)]).toEqual([
    301,
    'info sip: <b>0</b>',
    'info sip: <b>299</b>',
  ])
})

test('a phone is asked for its log and told to begin; it is ended early after a question', async () => {
  const { port, visitor } = await office()
  const question = await visitor.page(`${LOG}/collect`)
  expect(question).toContain('Anna Arnold')
  expect(question).toContain('value="30"')
  const asked = await visitor.submit(`${LOG}/collect`, `${LOG}/collect`, { minutes: '45' })
  expect([asked.status, location(asked)]).toEqual([303, LOG])
  expect(port.commands.of(MAC)).toMatchObject([{ kind: 'check', by: 'admin' }])
  const page = await visitor.page(LOG)
  expect(page).toContain('asked for by admin')
  expect(page).toContain('It is being told to check its configuration.')
  expect(page).toContain(`<a href="${LOG}" id="log-newest">Show the newest lines</a>`)
  expect((await port.phoneLogs.read(MAC, 1))?.collection).toMatchObject({ until: port.clock + 45 * 60_000 })

  expect(await visitor.page(`${LOG}/end`)).toContain('takes the settings back')
  const ended = await visitor.submit(`${LOG}/end`, `${LOG}/end`)
  expect([ended.status, location(ended)]).toEqual([303, LOG])
  expect((await port.phoneLogs.read(MAC, 1))?.collection).toBeUndefined()
  const after = await visitor.page(LOG)
  expect(after).not.toContain('Show the newest lines')
  // A check that waits already is not doubled.
  expect(port.commands.of(MAC)).toHaveLength(1)
  await visitor.submit(`${LOG}/end`, `${LOG}/end`)
  expect(await visitor.page(LOG)).toContain('was not asked for its log any more')
})

test('a command that cannot be given only makes it later', async () => {
  const { port, visitor } = await office()
  port.commands.refusal = '3 commands wait for this phone already.'
  await visitor.submit(`${LOG}/collect`, `${LOG}/collect`, { minutes: '5' })
  const page = await visitor.page(LOG)
  expect(page).toContain('fetches its configuration the next time')
  expect(page).toContain('asked for by admin')
})

test('what cannot be is told beside the field, and strangers read nothing', async () => {
  const { port, site, visitor } = await office()
  for (const minutes of ['', '0', '1441', '1.5', 'x', '<script>']) {
    const answer = await visitor.submit(`${LOG}/collect`, `${LOG}/collect`, { minutes })
    expect([minutes, answer.status]).toEqual([minutes, 422])
    expect(await answer.text()).not.toContain('<script>')
  }
  expect(port.commands.of(MAC)).toEqual([])
  for (const path of ['/devices/nonsense/log', '/devices/00908f999999/log', '/devices/00908f999999/log/collect']) {
    expect([path, (await visitor.get(path)).status]).toEqual([path, 404])
  }
  const stranger = await fetch(`${site.url}${LOG}/download`, { redirect: 'manual' })
  expect([stranger.status, stranger.headers.get('Location')?.startsWith('/sign-in')]).toEqual([303, true])
  const forged = await visitor.post(`${LOG}/collect`, { minutes: '5' })
  expect(forged.status).toBe(403)
  const off = await office(false)
  const refused = await off.visitor.submit(`${LOG}/collect`, `${LOG}/collect`, { minutes: '5' })
  expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('syslog.enabled')])
})

test('a line of any shape is read without a fault', () => {
  expect(logLine('2026-11-20T12:00:00.000Z error sip: a  b')).toEqual({
    at: Date.UTC(2026, 10, 20, 12),
    severity: 'error',
    text: 'sip: a  b',
  })
  for (const odd of ['', 'x', '2026-11-20T12:00:00.000Z shouting sip: a', 'aaaaaaaaaaaaaaaaaaaaaaaa error x']) {
    expect(logLine(odd)).toEqual({ at: 0, severity: '', text: odd })
    expect([isAtLeast(logLine(odd), ''), isAtLeast(logLine(odd), 'debug')]).toEqual([true, false])
  }
})
