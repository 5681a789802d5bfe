// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Events, listen, location, type Site, signedIn, type Visitor } from './client.ts'
import { MemoryPort } from './memory-port.ts'
import { furnishAlarms } from './office-alarms.ts'

let port: MemoryPort
let site: Site
let visitor: Visitor

beforeEach(async () => {
  port = new MemoryPort()
  furnishAlarms(port, 2)
  site = await listen(port)
  visitor = await signedIn(site)
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

const SECRET = 'my-secret-community'

function text(html: string): string {
  return html
    .replace(/^[\s\S]*<main/, '<main')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
}

const words = async (path: string) => text(await visitor.page(path))

/** What the form of a new SNMP destination sends. */
const SNMP = {
  kind: 'snmp',
  name: 'New',
  'v-host': '10.1.0.9',
  'v-port': '162',
  'v-version': '2c',
  'v-severity': 'warning',
}

describe('the list of destinations', () => {
  test('says of each how it fares, in words', async () => {
    const page = await words('/forwarding')
    expect(page).toMatch(/Operations centre Working SNMP udp 10\.1\.0\.9:162, SNMPv3 informs 1 min ago/)
    expect(page).toContain(
      'Duty chat Failing The server answered 502 Bad Gateway. 12 messages wait, the oldest for 9 min.',
    )
    expect(page).toContain('Old manager From the configuration file Paused 3 messages wait')
  })

  test('says what to do when there is none', async () => {
    port.forwarding.rows = []
    const html = await visitor.page('/forwarding')
    expect(text(html)).toContain('Alarms go nowhere yet')
    expect(html).toContain('href="/forwarding/new"')
  })

  test('learns of changes', async () => {
    const pulse = (data = '') => /data-pulse=\\"([^"]+)\\"/.exec(data)?.[1]
    const events = new Events(await visitor.get('/events?show=forwarding-pulse'))
    const before = pulse((await events.next())?.data)
    await port.forwarding.pause('d1')
    expect(pulse((await events.next())?.data)).not.toBe(before)
    await events.close()
  })
})

describe('a destination', () => {
  test('shows its settings by their labels, and of secrets only that they are set', async () => {
    const page = await words('/forwarding/d1')
    expect(page).toContain('Version SNMPv3')
    expect(page).toContain('Authentication pass phrase Set, and never shown')
    expect(page).toContain('Ask for an answer (inform) Yes')
    expect(page).not.toContain('Community')
    expect(page).toContain('Delivered since the start 214')
  })

  test('of the configuration file can be tested and paused, not changed', async () => {
    const html = await visitor.page('/forwarding/d3')
    expect(text(html)).toContain('It stands in the configuration file and can only be changed there.')
    expect(html).not.toContain('/forwarding/d3/edit')
    expect((await visitor.get('/forwarding/d3/edit')).status).toBe(409)
    await visitor.submit('/forwarding/d3', '/forwarding/d3/continue')
    expect(port.forwarding.destination('d3')?.state).toBe('working')
    await visitor.submit('/forwarding/d3/remove', '/forwarding/d3/remove')
    expect(await words('/forwarding')).toContain('can only be removed there')
  })

  test('that is not there is a 404, whatever is asked of it', async () => {
    for (const path of ['', '/edit', '/remove']) expect((await visitor.get(`/forwarding/none${path}`)).status).toBe(404)
    const csrf = /name="csrf" value="([^"]+)"/.exec(await visitor.page('/forwarding'))?.[1] ?? ''
    for (const action of ['test', 'resend', 'pause', 'continue', 'edit'])
      expect((await visitor.post(`/forwarding/none/${action}`, { csrf })).status).toBe(404)
  })

  test('is removed after a question that tells what would be lost', async () => {
    expect(await words('/forwarding/d2/remove')).toContain('12 messages wait for it and would be lost.')
    await visitor.submit('/forwarding/d2/remove', '/forwarding/d2/remove')
    expect(port.forwarding.destination('d2')).toBeUndefined()
  })
})

describe('a test', () => {
  test('shows how it went', async () => {
    expect(location(await visitor.submit('/forwarding/d1', '/forwarding/d1/test'))).toBe('/forwarding/d1#test')
    expect(await words('/forwarding/d1')).toMatch(
      /Last test admin, just now It worked The inform was acknowledged after 3 ms\./,
    )
    port.forwarding.outcome = { ok: false, sentence: 'No answer came within 10 s: is the port open?' }
    await visitor.submit('/forwarding/d1', '/forwarding/d1/test')
    expect(await words('/forwarding/d1')).toContain('It failed No answer came within 10 s')
  })

  test('that takes long shows that it is at work, and leads to its result', async () => {
    let end = () => {}
    const waited = new Promise<void>((resolve) => {
      end = resolve
    })
    port.forwarding.test = async () => {
      await waited
      return { ok: true, sentence: 'It got through at last.' }
    }
    const task = location(await visitor.submit('/forwarding/d1', '/forwarding/d1/test'))
    expect(task).toMatch(/^\/tasks\//)
    expect(await words(task)).toContain('Testing Operations centre')
    end()
    await expect.poll(async () => location(await visitor.get(task))).toBe('/forwarding/d1#test')
    expect(await words('/forwarding/d1')).toContain('It got through at last.')
  })

  test('resending says how many alarms', async () => {
    await visitor.submit('/forwarding/d1', '/forwarding/d1/resend')
    expect(await words('/forwarding/d1')).toContain('2 active alarms are sent once more.')
  })
})

describe('the form', () => {
  test('is made from the fields of the kind', async () => {
    expect(await words('/forwarding/new')).toContain('Webhook JSON to an address of yours, signed.')
    const html = await visitor.page('/forwarding/new?kind=snmp')
    expect(html).toMatch(/id="f-v-port"[^>]*value="162"/)
    expect(html).toMatch(/<input type="password" id="f-v-community"/)
    expect(html).toMatch(/data-when="v-version" data-when-is="3"/)
    expect(text(html)).toContain('User if Version is SNMPv3')
    expect(text(html)).toMatch(/Connection Host .*Filter From severity/)
  })

  test('makes a destination; its secret never comes back', async () => {
    const way = '/forwarding/new?kind=snmp'
    const response = await visitor.submit(way, '/forwarding/new', {
      ...SNMP,
      'v-community': SECRET,
      'v-inform': '1',
      'v-names': 'A\r\n B ',
    })
    expect(location(response)).toBe('/forwarding/d4')
    const made = port.forwarding.destination('d4')
    expect(made?.values).toMatchObject({ host: '10.1.0.9', inform: 'true', version: '2c' })
    expect(made?.secretsSet).toEqual(['community'])
    expect(port.forwarding.secrets).toEqual([SECRET])
    for (const path of ['/forwarding', '/forwarding/d4', '/forwarding/d4/edit'])
      expect(await visitor.page(path)).not.toContain(SECRET)
  })

  test('keeps a secret that is left empty, replaces it, and forgets it when told', async () => {
    const edit = '/forwarding/d1/edit'
    const send = (fields: Record<string, string>) =>
      visitor.submit(edit, edit, { ...SNMP, 'v-version': '3', 'v-user': 'noc', ...fields })
    await send({})
    expect(port.forwarding.destination('d1')?.secretsSet).toEqual(['authKey'])
    expect(port.forwarding.secrets).toEqual([])
    await send({ 'v-authKey': SECRET })
    expect(port.forwarding.secrets).toEqual([SECRET])
    await send({ 'forget-authKey': '1' })
    expect(port.forwarding.destination('d1')?.secretsSet).toEqual([])
  })

  test('says what is wrong beside the field, keeps what was typed, and shows no secret again', async () => {
    const response = await visitor.submit('/forwarding/new?kind=snmp', '/forwarding/new', {
      ...{ ...SNMP, name: '', 'v-host': '', 'v-port': '99', 'v-community': SECRET },
    })
    expect(response.status).toBe(422)
    const html = await response.text()
    expect(html).toContain('id="f-name-error"')
    expect(html).toContain('id="f-v-host-error"')
    expect(html).toMatch(/id="f-v-port"[^>]*value="99"/)
    expect(html).not.toContain(SECRET)
    expect(port.forwarding.rows).toHaveLength(3)
  })

  test('of what somebody else changed meanwhile saves nothing and says so', async () => {
    const html = await visitor.page('/forwarding/d1/edit')
    const csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
    const revision = /name="revision" value="([^"]+)"/.exec(html)?.[1] ?? ''
    await visitor.submit('/forwarding/d1/edit', '/forwarding/d1/edit', { ...SNMP, name: 'First' })
    const late = { ...SNMP, csrf, revision, name: 'Second' }
    for (let n = 0; n < 2; n++) {
      const response = await visitor.post('/forwarding/d1/edit', late)
      expect(response.status).toBe(422)
      const again = await response.text()
      expect(text(again)).toContain('Somebody else changed or removed it since you opened this form.')
      expect(again).toContain('value="Second"')
      expect(again).toContain(`name="revision" value="${revision}"`)
    }
    expect(port.forwarding.destination('d1')?.name).toBe('First')
  })

  test('takes no kind that there is not, and needs its token', async () => {
    const csrf = /name="csrf" value="([^"]+)"/.exec(await visitor.page('/forwarding/new?kind=snmp'))?.[1] ?? ''
    for (const kind of ['', 'constructor', 'fax'])
      expect((await visitor.post('/forwarding/new', { ...SNMP, csrf, kind })).status).toBe(404)
    for (const action of ['new', 'd1/edit', 'd1/test', 'd1/resend', 'd1/pause', 'd1/continue', 'd1/remove'])
      expect((await visitor.post(`/forwarding/${action}`, SNMP)).status).toBe(403)
    expect(port.forwarding.rows.map(({ id, name }) => `${id} ${name}`)).toEqual([
      'd1 Operations centre',
      'd2 Duty chat',
      'd3 Old manager',
    ])
  })
})

test('without the service there is neither page nor menu entry', async () => {
  const none = { value: undefined }
  const other = await listen(Object.create(port, { alarmDesk: none, forwarding: none, alarms: { value: () => [] } }))
  const guest = await signedIn(other)
  const html = await guest.page('/')
  expect(html).not.toContain('href="/forwarding"')
  expect(html).not.toContain('href="/alarms')
  for (const path of ['/forwarding', '/alarms', '/alarms/history']) expect((await guest.get(path)).status).toBe(404)
  await other.close()
})
