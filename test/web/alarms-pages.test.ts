// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Events, listen, location, type Site, signedIn, type Visitor } from './client.ts'
import { MemoryPort, MONDAY, mac } from './memory-port.ts'
import { furnish } from './office.ts'
import { furnishAlarms, SITE_ALARM, UNREGISTERED_ALARM } from './office-alarms.ts'

let port: MemoryPort
let site: Site
let visitor: Visitor

beforeEach(async () => {
  port = new MemoryPort()
  furnish(port, 60)
  furnishAlarms(port)
  site = await listen(port)
  visitor = await signedIn(site)
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

/** The words of a page, apart from its frame. */
function text(html: string): string {
  return html
    .replace(/^[\s\S]*<main/, '<main')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
}

const words = async (path: string) => text(await visitor.page(path))
const href = (id: string) => `/alarms/${encodeURIComponent(id)}`

/** The list's own part of the page, as it is asked for again. */
async function list(path: string): Promise<string> {
  const response = await visitor.get(path, { 'HX-Request': 'true' })
  expect(response.status).toBe(200)
  return response.text()
}

describe('the list of active alarms', () => {
  test('shows what the incumbent’s shows: name, description, source, severity, host, last action, receipt', async () => {
    const page = await words('/alarms')
    expect(page).toContain(
      'REGISTRATION FAILURE 14 times The SIP server refuses the phone’s registration Note: “Password reset is with the PBX team” Dmitri Sokolov 00:90:8f:3c:01:89 Critical 10.1.1.23 Raised again 2 min ago 42 min ago',
    )
    expect(page).toContain(
      'POOL NEARLY EMPTY 3 times Only 9 of 250 addresses are free in 10.1.2.0/24 Subnet voice-2 Minor',
    )
    expect(page).toContain('5 alarms')
    expect(page).toContain('All 5 Critical 2 Major 0 Minor 1 Warning 1 Indeterminate 1')
  })

  test('has one row for a site alarm with its blast radius, which unfolds to its parts and folds again', async () => {
    const folded = await visitor.page('/alarms')
    expect(text(folded)).toContain('Stands for 37 phones. Show its parts')
    expect(text(folded)).not.toContain('PHONE DISCONNECTED')
    const way = /href="(\/alarms\?unfold=[^"]+)"/.exec(folded)?.[1] ?? ''
    const open = await visitor.page(way)
    expect(open.match(/class="alarm-cell alarm-part"/g)).toHaveLength(25)
    expect(text(open)).toContain('All 37 parts')
    expect(open).toMatch(/<a href="\/alarms" id="fold-[^"]+" aria-expanded="true"/)
    const all = await words(`/alarms?${new URLSearchParams({ parent: SITE_ALARM })}`)
    expect(all).toContain('37 alarms')
    expect(all).toContain('Only the parts of one site alarm are shown.')
  })

  test.each([
    ['severity=minor', '1 alarm', 'POOL NEARLY EMPTY'],
    ['state=acknowledged', '1 alarm', 'REGISTRATION FAILURE'],
    ['state=new', '4 alarms', 'CERTIFICATE EXPIRES'],
    ['scope=berlin', '1 alarm', 'PHONES DISCONNECTED'],
    ['sender=unknown', '1 alarm', 'IPPhone/0090ffee0001'],
    ['text=00%3A90%3A8F%3A3C%3A01%3A89', '2 alarms', 'PHONE DISCONNECTED'],
    ['text=10.1.1.23', '2 alarms', 'Dmitri Sokolov'],
    ['text=certificate+expires', '1 alarm', 'server/web'],
  ])('finds by %s', async (query, count, name) => {
    const found = text(await list(`/alarms?${query}`))
    expect(found).toContain(count)
    expect(found).toContain(name)
  })

  test('says so when nothing matches, or nothing is active', async () => {
    expect(await words('/alarms?text=nothing+like+it')).toContain(
      'No alarm matches None of the 5 active alarms is like that.',
    )
    port.alarmRows = []
    expect(await words('/alarms')).toContain('All quiet Nothing needs attention.')
    expect(await words('/alarms?sender=unknown')).toContain('No unknown phone has sent an alarm')
  })

  test('pages, keeps its filter, and goes from beyond the end to the last page', async () => {
    for (let n = 0; n < 120; n++) {
      const [alarm] = port.alarmRows.filter(({ name }) => name === 'CERTIFICATE EXPIRES')
      if (alarm) port.alarmDesk.raise({ ...alarm, id: `a${n}`, name: `ALARM ${n}` })
    }
    const page = await visitor.page('/alarms?severity=warning&page=2')
    expect(text(page)).toContain('51–100 of 121 alarms')
    expect(page).toContain('href="/alarms?severity=warning&amp;page=3"')
    expect(location(await visitor.get('/alarms?severity=warning&page=9'))).toBe('/alarms?severity=warning&page=3')
  })

  test('offers what it shows as a file', async () => {
    const page = await visitor.page('/alarms?severity=minor&state=new')
    const way = /href="(\/api\/v1\/alarms\/export\?format=csv[^"]*)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const rows = (await (await visitor.get(way)).text()).trim().split('\r\n')
    expect(rows).toHaveLength(2)
    expect(rows[1]).toContain('POOL NEARLY EMPTY')
  })

  test('says what else is to be known: doubt, that it comes and goes, why nobody was told', async () => {
    const [alarm] = port.alarmRows.filter(({ name }) => name === 'CERTIFICATE EXPIRES')
    if (!alarm) throw new Error('no such alarm')
    const flapping = { since: MONDAY, movedAt: MONDAY, over: true }
    port.alarmDesk.raise({ ...alarm, doubt: 'It was sent from another address', flapping, quiet: 'maintenance' })
    for (const path of ['/alarms?text=certificate', href(alarm.id)])
      expect(await words(path)).toContain(
        'It was sent from another address it comes and goes, and is over at the moment not forwarded: maintenance',
      )
  })

  test.each([
    ['scope/subnet/voice-2', 'Subnet voice-2'],
    ['scope/network/10.9.0.0/24 at 203.0.113.7', 'Network 10.9.0.0/24 at 203.0.113.7'],
    ['scope/berlin/3', 'Berlin / 3rd floor'],
    ['scope/taken-away', 'taken-away'],
    ['scope/system', 'The whole fleet'],
    ['subnet/voice-9', 'Subnet voice-9'],
  ])('calls the place of %s by its name: %s', async (source, name) => {
    const [alarm] = port.alarmRows.filter(({ id }) => id === SITE_ALARM)
    if (!alarm) throw new Error('no such alarm')
    const id = `PHONES SILENT@${source}`
    const folded = { ...alarm, id, name: 'PHONES SILENT', source, scope: source.replace(/^scope\//, ''), blast: 1 }
    port.alarmDesk.raise(folded)
    for (const path of ['/alarms?text=silent', '/']) {
      const found = await words(path)
      expect([path, found.includes(name), found.includes(`${source} `)]).toEqual([path, true, false])
    }
    expect(await words('/alarms/history')).toContain(name)
    expect(await words('/')).toContain('stands for 1 phone ')
    expect(await words(href(id))).toContain(`About ${name} Source ${source}`)
  })

  test('ignores filters that make no sense', async () => {
    expect(await words('/alarms?severity=constructor&state=x&sender=y&page=-1&unfold=nothing')).toContain('5 alarms')
  })
})

describe('the page of an alarm', () => {
  test('has the facts of X.733, what to do, the way to the phone, and what happened', async () => {
    const html = await visitor.page(href(UNREGISTERED_ALARM))
    const page = text(html)
    expect(page).toContain('Critical: active 42 min ago')
    expect(page).toContain('What to do Check the user’s SIP password.')
    expect(page).toContain('Event type Communications alarm')
    expect(page).toContain('Probable cause 5: communications protocol error')
    expect(page).toContain('Additional info 1 403 Forbidden Additional info 2 sip.example.com')
    expect(page).toContain('Acknowledged by admin 20 min ago : “Password reset is with the PBX team”')
    expect(html).toContain('href="/devices/00908f3c0189"')
    expect(page).toMatch(/What happened Raised by IPPhone\/00908f3c0189 · Critical 2026-03-02 09:00:00/)
  })

  test('of a site alarm lists its parts, and a part leads back to it', async () => {
    const page = await visitor.page(href(SITE_ALARM))
    expect(text(page)).toContain('Its parts 37')
    expect(text(page)).toContain('All 37 parts')
    const part = /href="(\/alarms\/PHONE%20DISCONNECTED[^"]+)"/.exec(page)?.[1] ?? ''
    const html = await visitor.page(part)
    expect(html).toContain(`href="${href(SITE_ALARM)}"`)
    expect(text(html)).toContain('not forwarded: its site alarm is')
  })

  test('that was cleared says by whom, and offers nothing to do', async () => {
    await port.alarmDesk.clear(UNREGISTERED_ALARM, 'olga')
    const html = await visitor.page(href(UNREGISTERED_ALARM))
    expect(text(html)).toContain('Cleared by olga just now')
    expect(html).not.toMatch(/<form[^>]*action="\/alarms/)
  })

  test('that never was is a 404', async () => {
    const response = await visitor.get(href('nothing@nowhere'))
    expect(response.status).toBe(404)
    expect(text(await response.text())).toContain('No such alarm')
  })
})

describe('handling an alarm', () => {
  const path = href(UNREGISTERED_ALARM)

  test('acknowledge with a note, comment, withdraw', async () => {
    expect(location(await visitor.submit(path, `${path}/acknowledge`, { note: 'On it\r\nsince nine' }))).toBe(path)
    expect(await words(path)).toContain('Acknowledged. ')
    expect(port.alarmDesk.get(UNREGISTERED_ALARM)?.acknowledged).toMatchObject({
      by: 'admin',
      note: 'On it\nsince nine',
    })
    await visitor.submit(path, `${path}/comment`, { text: 'It was the cable' })
    expect(await words(path)).toContain('Commented by admin It was the cable')
    await visitor.submit(path, `${path}/unacknowledge`)
    expect(port.alarmDesk.get(UNREGISTERED_ALARM)?.acknowledged).toBeUndefined()
  })

  test('from the list, and back to the list as it was', async () => {
    const from = '/alarms?severity=critical'
    const action = `${href(SITE_ALARM)}/acknowledge`
    const response = await visitor.submit(from, action)
    expect(location(response)).toBe(from)
    expect(await words(from)).toContain('Acknowledged.')
  })

  test('clear by hand asks first, says how many phones it is about, and takes the parts along', async () => {
    const ask = `${href(SITE_ALARM)}/clear`
    expect(await words(ask)).toContain('Stands for 37 phones; 37 parts are cleared with it.')
    expect(location(await visitor.submit(ask, ask))).toBe('/alarms')
    expect(port.alarmRows.filter(({ name }) => name.startsWith('PHONE'))).toEqual([])
    expect(await words('/alarms')).toContain('“PHONES DISCONNECTED” was cleared.')
  })

  test('that somebody else has cleared meanwhile: nothing is done, and the page says so', async () => {
    const actions = ['acknowledge', 'comment', 'unacknowledge'] as const
    for (const action of actions) {
      furnishAlarms(port)
      const html = await visitor.page(path)
      const csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
      await port.alarmDesk.clear(UNREGISTERED_ALARM, 'olga')
      expect(location(await visitor.post(`${path}/${action}`, { csrf, text: 'x' }))).toBe(path)
      const after = await words(path)
      expect(after).toContain('Nothing was changed: the alarm is no longer active.')
      expect(after).toContain('Cleared by olga')
    }
    expect((await visitor.get(`${path}/clear`)).status).toBe(404)
  })

  test('a comment that is empty, too long or holds control characters is refused beside its field, and kept', async () => {
    const cases = [
      ['', 'Enter this.'],
      ['x'.repeat(1001), 'at most 1000 are possible'],
      ['bell \u0007', 'control character'],
    ] as const
    for (const [typed, why] of cases) {
      const response = await visitor.submit(path, `${path}/comment`, { text: typed })
      expect(response.status).toBe(422)
      const html = await response.text()
      expect(text(html)).toContain(why)
      if (typed.startsWith('x')) expect(html).toContain(typed)
    }
    expect(port.alarmDesk.get(UNREGISTERED_ALARM)?.comments).toHaveLength(1)
  })

  test('what the daemon refuses is said', async () => {
    port.alarmDesk.refusal = 'The disk is full.'
    await visitor.submit(path, `${path}/comment`, { text: 'x' })
    expect(await words(path)).toContain('The disk is full.')
  })

  test('needs the form token, and leads to no other site', async () => {
    const csrf = /name="csrf" value="([^"]+)"/.exec(await visitor.page('/alarms'))?.[1] ?? ''
    for (const action of ['acknowledge', 'unacknowledge', 'comment', 'clear']) {
      expect((await visitor.post(`${path}/${action}`, { text: 'x' })).status).toBe(403)
      expect(
        (await visitor.post(`${path}/${action}`, { csrf, text: 'x' }, { Origin: 'http://evil.example' })).status,
      ).toBe(403)
    }
    expect(port.alarmDesk.get(UNREGISTERED_ALARM)?.comments).toHaveLength(1)
    for (const back of ['//evil.example', 'https://evil.example', 'javascript:alert(1)', '/\\evil.example'])
      expect(location(await visitor.post(`${path}/acknowledge`, { csrf, back }))).toBe('/')
  })
})

describe('history', () => {
  test('shows events newest first, with what was said, and pages back', async () => {
    await port.alarmDesk.acknowledge(UNREGISTERED_ALARM, 'olga', 'Mine')
    for (let n = 0; n < 150; n++) await port.alarmDesk.comment(SITE_ALARM, 'olga', `comment ${n}`)
    const first = await visitor.page('/alarms/history')
    expect(text(first)).toContain('Commented PHONES DISCONNECTED comment 149')
    const older = /rel="next" href="([^"]+)"/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const second = await words(older)
    expect(second).toContain('Acknowledged REGISTRATION FAILURE Mine')
    expect(second).toContain('Newest')
  })

  test('filters, and gives the same as a file', async () => {
    await port.alarmDesk.clear(UNREGISTERED_ALARM, 'olga')
    const html = await visitor.page(
      '/alarms/history?kind=cleared&severity=critical&from=2026-03-02T08%3A00&to=2026-03-02T10%3A00',
    )
    expect(html.match(/<tr role="row">/g)).toHaveLength(2)
    const way =
      /href="(\/api\/v1\/alarms\/history\/export\?format=json[^"]*)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect(await (await visitor.get(way)).json()).toMatchObject([{ kind: 'cleared', by: 'olga' }])
    expect(await words('/alarms/history?from=2026-03-03T08%3A00')).toContain('Nothing like that happened')
  })

  test('of one phone, and of one alarm', async () => {
    expect(await words('/alarms/history?mac=00908f3c0189')).toContain('Only what happened to alarms of one phone.')
    const one = await visitor.page(`/alarms/history?${new URLSearchParams({ id: SITE_ALARM })}`)
    expect(one.match(/<tr role="row">/g)).toHaveLength(2)
  })

  test('is not troubled by nonsense', async () => {
    expect(await words('/alarms/history?from=x&to=2026-99-99T00:00&kind=z&severity=y&mac=q&before=1e9')).toContain(
      'Raised',
    )
  })
})

describe('maintenance windows', () => {
  const fields = { title: 'New access points', scope: 'berlin', from: '2026-03-02T12:00', to: '2026-03-02T14:30' }

  test('are listed with their state, made, changed and removed', async () => {
    const page = await words('/alarms/maintenance')
    expect(page).toMatch(
      /New switch on the 3rd floor Open Berlin \/ 3rd floor .* End now.*Power off in Oslo Coming.*SIP server update Over Everywhere/,
    )
    expect(location(await visitor.submit('/alarms/maintenance/new', '/alarms/maintenance/new', fields))).toBe(
      '/alarms/maintenance',
    )
    const made = port.alarmDesk.windows.at(-1)
    expect(made).toMatchObject({
      title: 'New access points',
      scope: 'berlin',
      from: MONDAY + 3 * 3_600_000,
      by: 'admin',
    })
    const edit = `/alarms/maintenance/${made?.id}`
    expect(await visitor.page(edit)).toContain('value="2026-03-02T14:30"')
    await visitor.submit(edit, edit, { ...fields, title: 'Old access points', weekly: '1' })
    expect(await words('/alarms/maintenance')).toMatch(/Old access points Coming .* 2026-03-02 14:30:00 every week/)
    expect(await visitor.page(edit)).toMatch(/id="f-weekly"[^>]* checked/)
    await visitor.submit(`${edit}/remove`, `${edit}/remove`)
    expect(port.alarmDesk.windows).toHaveLength(3)
    expect(await words('/alarms/maintenance')).toContain('The window is closed.')
  })

  test('say what is wrong beside the field, and keep what was typed', async () => {
    const path = '/alarms/maintenance/new'
    const send = async (change: object) => {
      const response = await visitor.submit(path, path, { ...fields, ...change })
      expect(response.status).toBe(422)
      return response.text()
    }
    expect(text(await send({ title: '' }))).toContain('Enter this.')
    expect(await send({ to: '2026-03-02T11:00' })).toContain('It ends before it begins.')
    expect(await send({ from: 'soon' })).toContain('Enter a date and a time.')
    expect(await send({ from: '2026-02-31T11:00' })).toContain('Enter a date and a time.')
    expect(await send({ scope: 'nowhere' })).toContain('Choose one of these.')
    expect(await send({ scope: 'nowhere' })).toContain('value="New access points"')
    expect(port.alarmDesk.windows).toHaveLength(3)
  })

  test('removed by somebody else meanwhile', async () => {
    const page = await visitor.page('/alarms/maintenance/w2')
    const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
    await port.alarmDesk.removeMaintenance('w2')
    await visitor.post('/alarms/maintenance/w2', { csrf, ...fields })
    expect(await words('/alarms/maintenance')).toContain('The window was removed meanwhile; nothing was saved.')
    expect((await visitor.get('/alarms/maintenance/w2')).status).toBe(404)
  })
})

describe('elsewhere', () => {
  test('the menu counts what nobody has acknowledged, live', async () => {
    const events = new Events(await visitor.get('/events?show=trouble'))
    expect((await events.next())?.data).toContain('menu-count\\">4<')
    await port.alarmDesk.acknowledge(SITE_ALARM, 'olga', '')
    expect((await events.next())?.data).toContain('menu-count\\">3<')
    for (const { id } of port.alarmRows) await port.alarmDesk.acknowledge(id, 'olga', '')
    expect((await events.next())?.data).toContain('Every alarm is acknowledged')
    await events.close()
  })

  test('the device page lists the phone’s alarms, parts too, live', async () => {
    const address = mac('00908f3c0189')
    const html = await visitor.page(`/devices/${address}`)
    expect(text(html)).toMatch(/Alarms 2 History Critical .* REGISTRATION FAILURE .* Major .* PHONE DISCONNECTED/)
    expect(html).toContain(`href="${href(UNREGISTERED_ALARM)}"`)
    const events = new Events(await visitor.get(`/events?show=device-alarms&of=${address}`))
    await events.next()
    await port.alarmDesk.clear(UNREGISTERED_ALARM, 'olga')
    const { data = '' } = (await events.next()) ?? {}
    expect(data).toContain('PHONE DISCONNECTED')
    expect(data).not.toContain('REGISTRATION FAILURE')
    await events.close()
  })

  test('the dashboard counts by severity with ways to the filters, and shows a site alarm once', async () => {
    const html = await visitor.page('/')
    expect(html).toContain('href="/alarms?severity=critical"')
    expect(text(html)).toContain('Critical 2 Minor 1 Warning 1 Indeterminate 1')
    expect(text(html)).toContain('stands for 37 phones')
    expect(text(html)).not.toContain('has not reported for 3 hours')
  })

  test('open lists learn that they have become old', async () => {
    const pulse = (data = '') => /data-pulse=\\"([^"]+)\\"/.exec(data)?.[1]
    const events = new Events(await visitor.get('/events?show=alarm-pulse'))
    const before = pulse((await events.next())?.data)
    await port.alarmDesk.comment(SITE_ALARM, 'olga', 'x')
    expect(pulse((await events.next())?.data)).not.toBe(before)
    await events.close()
  })
})
