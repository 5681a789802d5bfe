// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listen, location, type Site, signedIn, Visitor } from './client.ts'
import type { MemoryDirectory } from './memory-directory.ts'
import { MemoryPort, MONDAY } from './memory-port.ts'
import { furnishDirectory } from './phonebook.ts'

let port: MemoryPort
let book: MemoryDirectory
let site: Site
let visitor: Visitor

beforeEach(async () => {
  port = new MemoryPort()
  book = port.directory
  site = await listen(port)
  visitor = await signedIn(site)
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

/** The text of a page without its markup. */
function words(html: string): string {
  const body = html.slice(html.indexOf('<main'))
  return body
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ')
}

async function follow(response: Response): Promise<string> {
  expect(response.status).toBe(303)
  return visitor.page(location(response))
}

describe('the list of contacts', () => {
  test('says in the empty state what to do', async () => {
    const html = await visitor.page('/directory')
    expect(words(html)).toContain('No contact yet')
    expect(html).toContain('href="/directory/contacts/new"')
    expect(html).toContain('href="/directory/import"')
    expect(html).not.toContain('/directory/export')
  })

  test('shows names, numbers, who sees them and where they come from', async () => {
    book.put(
      'Anna Arnold',
      { region: 'Nord', source: 'Suppliers' },
      { telephoneNumber: ['1', '2', '3', '4'], company: 'Acme' },
    )
    const text = words(await visitor.page('/directory'))
    expect(text).toContain('Anna Arnold 1 2 3 and 1 more Acme Nord Suppliers 1 min ago')
    expect(text).toContain('1 contact')
  })

  test('says it when phones cannot search', async () => {
    book.enabled = false
    expect(words(await visitor.page('/directory'))).toContain('ldap.enabled')
  })

  test('asks for what its address says', async () => {
    furnishDirectory(book, 130)
    await visitor.page('/directory?text=+amira+&region=Nord&source=Suppliers&order=-changed')
    expect(book.query).toEqual({
      ...{ text: 'amira', region: 'Nord', source: 'Suppliers' },
      ...{ order: 'changed', descending: true, page: 1, pageSize: 50 },
    })
    await visitor.page('/directory?region=*')
    expect(book.query).toMatchObject({ region: '' })
    await visitor.page('/directory?order=passwordHash&page=-1')
    expect(book.query).toMatchObject({ order: 'name', descending: false, page: 1 })
    expect(book.query).not.toHaveProperty('region')
  })

  test('goes to its last page instead of an empty one', async () => {
    furnishDirectory(book, 130)
    expect(location(await visitor.get('/directory?page=9&order=-name'))).toBe('/directory?order=-name&page=3')
    expect(words(await visitor.page('/directory?page=3'))).toContain('101–130 of 130 contacts')
  })

  test('is sent alone to a search while typing', async () => {
    furnishDirectory(book, 10)
    const html = await (await visitor.get('/directory?text=zzz', { 'HX-Request': 'true' })).text()
    expect(html).toMatch(/^<div id="list"/)
    expect(html).toContain('Nothing begins with “zzz”')
    expect(html).not.toContain('<html')
  })

  test.each([
    ['csv', 'text/csv; charset=utf-8'],
    ['ldif', 'text/plain; charset=utf-8'],
    ['vcf', 'text/vcard; charset=utf-8'],
  ])('is a .%s file to keep', async (ending, type) => {
    book.put('Anna')
    const response = await visitor.get(`/directory/export.${ending}`)
    expect(response.headers.get('Content-Type')).toBe(type)
    expect(response.headers.get('Content-Disposition')).toBe(`attachment; filename="phonebook.${ending}"`)
    expect(await response.text()).toMatch(/^(csv|ldif|vcard):c0\n$/)
  })

  test('is no other kind of file', async () => {
    expect((await visitor.get('/directory/export.exe')).status).toBe(404)
  })
})

describe('a contact', () => {
  test('is added with several numbers, and the list says so', async () => {
    const response = await visitor.submit('/directory/contacts/new', '/directory/contacts/new', {
      ...{ givenName: 'Anna', sn: 'Arnold', displayName: 'Anna Arnold', region: 'Nord', owner: '' },
      ...{ telephoneNumber: '+49 30 1\r\n\r\n +49 30 2 ', mobile: '0170', company: 'Acme' },
    })
    const text = words(await follow(response))
    expect(text).toContain('Added Anna Arnold.')
    expect(book.contacts.get('c0')?.contact).toMatchObject({
      ...{ region: 'Nord', owner: '', source: 'manual' },
      attributes: {
        givenName: 'Anna',
        sn: 'Arnold',
        telephoneNumber: ['+49 30 1', '+49 30 2'],
        mobile: '0170',
        company: 'Acme',
      },
    })
    expect(words(await visitor.page('/directory'))).not.toContain('Added Anna Arnold.')
  })

  test('keeps every value it has through a change', async () => {
    book.put('Anna', {}, { mail: ['a@b.example', 'c@d.example'], ou: ['X', 'Y'], description: 'Known since 1999' })
    const before = book.contacts.get('c0')?.contact
    const form = await visitor.page('/directory/contacts/c0')
    expect(form).toContain('>\na@b.example\nc@d.example</textarea>')
    await visitor.submit('/directory/contacts/c0', '/directory/contacts/c0', fieldsOf(form))
    expect(book.contacts.get('c0')?.contact.attributes).toEqual(before?.attributes)
  })

  test('is refused with one error beside each field, and nothing typed is lost', async () => {
    book.refusal = [
      { field: 'mobile', message: 'It has too many digits.' },
      { field: 'owner', message: 'There is no such user.' },
    ]
    const response = await visitor.submit('/directory/contacts/new', '/directory/contacts/new', {
      displayName: 'Anna "A" <b>',
      mobile: '1\n2',
      ou: 'Sales',
    })
    expect(response.status).toBe(422)
    const html = await response.text()
    expect(html).toContain('2 things need a look')
    expect(html).toMatch(/id="f-mobile-error">.*It has too many digits\./)
    expect(html).toMatch(
      /<textarea id="f-mobile"[^>]*aria-describedby="f-mobile-error"[^>]*aria-invalid="true"[^>]*autofocus/,
    )
    expect(html).toContain('value="Anna &quot;A&quot; &lt;b&gt;"')
    expect(html).toContain('>\n1\n2</textarea>')
    expect(html).toContain('<details open>')
  })

  test.each([
    ['displayName', 'x'.repeat(257), 'at most 256'],
    ['displayName', 'a\u0000b', 'control character'],
    ['displayName', 'a\nb', 'single line'],
    ['owner', 'x'.repeat(129), 'at most 128'],
  ])('with a bad %s is refused before it is asked for', async (field, value, reason) => {
    const response = await visitor.submit('/directory/contacts/new', '/directory/contacts/new', {
      displayName: 'A',
      [field]: value,
    })
    expect(response.status).toBe(422)
    expect(await response.text()).toContain(reason)
    expect(book.contacts.count()).toBe(0)
  })

  test('that somebody else changed meanwhile is not overwritten unseen', async () => {
    book.put('Anna')
    const form = await visitor.page('/directory/contacts/c0')
    book.put('Anna Meanwhile', { id: 'c0' })
    const response = await visitor.post('/directory/contacts/c0', {
      ...hiddenOf(form),
      ...fieldsOf(form),
      displayName: 'Mine',
    })
    expect(response.status).toBe(409)
    const html = await response.text()
    expect(html).toContain('Somebody else has changed')
    expect(html).toContain('value="Mine"')
    await visitor.post('/directory/contacts/c0', { ...hiddenOf(html), ...fieldsOf(html) })
    expect(book.contacts.get('c0')?.contact.attributes.displayName).toBe('Mine')
  })

  test('is removed after a question that names its numbers', async () => {
    book.put('Anna', { source: 'Suppliers' }, { telephoneNumber: '+49 30 1' })
    const question = words(await visitor.page('/directory/contacts/c0/remove'))
    expect(question).toContain('Remove Anna?')
    expect(question).toContain('+49 30 1')
    expect(question).toContain('next import brings it back')
    expect(book.contacts.count()).toBe(1)
    const path = '/directory/contacts/c0/remove'
    expect(words(await follow(await visitor.submit(path, path)))).toContain('Removed Anna.')
    expect(book.contacts.count()).toBe(0)
  })

  test.each(['', '/remove'])('that is gone answers 404%s', async (end) => {
    const response = await visitor.get(`/directory/contacts/nobody${end}`)
    expect(response.status).toBe(404)
    expect(await response.text()).toContain('Contact not found')
  })
})

describe('an account', () => {
  test('gets a password that is shown once, and is 20 letters without look-alikes', async () => {
    const path = '/directory/accounts/new'
    const response = await visitor.submit(path, path, { name: 'lobby', region: 'Nord', how: 'generate' })
    const html = await follow(response)
    const password = /shown only now: <code class="long">([a-km-np-z2-9]{20})<\/code>/.exec(html)?.[1]
    expect(password).toBe(book.passwords.get('lobby'))
    expect(words(html)).toContain('cn=lobby,ou=accounts,dc=example')
    for (const page of ['/directory/accounts', '/directory/accounts/lobby']) {
      expect(await visitor.page(page)).not.toContain(password)
    }
  })

  test('keeps its password unless told otherwise', async () => {
    book.accountRows = [{ name: 'lobby', region: '', owner: '', dn: 'cn=lobby' }]
    book.passwords.set('lobby', 'old')
    const path = '/directory/accounts/lobby'
    await visitor.submit(path, path, { region: 'Süd', how: 'keep', password: 'ignored' })
    expect([book.passwords.get('lobby'), book.accountRows[0]?.region]).toEqual(['old', 'Süd'])
    await visitor.submit(path, path, { region: 'Süd', how: 'own', password: 'mine-and-long' })
    expect(book.passwords.get('lobby')).toBe('mine-and-long')
    const refused = await visitor.submit(path, path, { region: 'Süd', how: 'own', password: '' })
    expect(refused.status).toBe(422)
    expect(await refused.text()).toContain('Enter the new password.')
  })

  test('sees the personal contacts of one user, too', async () => {
    const path = '/directory/accounts/new'
    const response = await visitor.submit(path, path, { name: 'desk', owner: 'anna', how: 'generate' })
    expect(words(await follow(response))).toContain('desk All regions, and the personal contacts of anna')
    expect(await visitor.page('/directory/accounts/desk')).toMatch(/id="f-owner"[^>]* value="anna"/)
  })

  test('never has its password in a page, however it is refused', async () => {
    book.refusal = [{ field: 'password', message: 'It is too short.' }]
    const path = '/directory/accounts/new'
    const response = await visitor.submit(path, path, { name: 'lobby', how: 'own', password: 'swordfish' })
    const html = await response.text()
    expect([response.status, html.includes('swordfish')]).toEqual([422, false])
    expect(html).toContain('It is too short.')
  })

  test.each([
    [{ name: '', how: 'generate' }, 'Enter this.'],
    [{ name: 'a', how: 'magic' }, 'Choose one of these.'],
    [{ name: 'a', how: 'generate', region: 'Atlantis' }, 'Choose one of these.'],
  ])('that makes no sense is refused', async (fields, reason) => {
    const response = await visitor.submit('/directory/accounts/new', '/directory/accounts/new', fields)
    expect([response.status, words(await response.text()).includes(reason)]).toEqual([422, true])
  })

  test('is removed after a question', async () => {
    furnishDirectory(book, 1)
    const path = '/directory/accounts/reception/remove'
    expect(words(await visitor.page(path))).toContain('cn=reception,ou=accounts,dc=example')
    expect(words(await follow(await visitor.submit(path, path)))).toContain('Removed the account reception.')
    expect(book.accountRows.map(({ name }) => name)).toEqual(['phones'])
    expect((await visitor.get(path)).status).toBe(404)
  })
})

describe('other directories', () => {
  test('tell how they are, when they ran and when they run next', async () => {
    furnishDirectory(book, 1)
    const text = words(await visitor.page('/directory/upstreams'))
    expect(text).toMatch(
      /Head office .* Well 6 h ago 12 added, 3 changed, 1 removed, 4,008 as before; in 2.1 s in 18 h/,
    )
    expect(text).toContain('Failed 6 h ago ldap://10.9.0.2 does not answer.')
  })

  test('say how to name one', async () => {
    expect(words(await visitor.page('/directory/upstreams'))).toContain('ldap.upstreams')
  })

  test('are copied now', async () => {
    furnishDirectory(book, 1)
    const action = '/directory/upstreams/Head%20office/sync'
    const response = await visitor.submit('/directory/upstreams', action)
    expect(location(response)).toBe('/directory/upstreams')
    expect((await visitor.submit('/directory/upstreams', action)).status).toBe(303)
  })

  test('that are not configured answer 404, and no button shows while one is copied', async () => {
    furnishDirectory(book, 1)
    const html = await visitor.page('/directory/upstreams')
    expect((await visitor.post('/directory/upstreams/nobody/sync', hiddenOf(html))).status).toBe(404)
    book.upstreamRows = book.upstreamRows.map((row) => ({ ...row, running: true }))
    expect(await visitor.page('/directory/upstreams')).not.toContain('Copy now')
  })
})

describe('the phones’ settings', () => {
  test('show what a region says itself, and what it inherits from where', async () => {
    furnishDirectory(book, 1)
    const html = await visitor.page('/directory/phones?region=Nord')
    expect(html).toMatch(/id="f-countryCode"[^>]* value="49"/)
    expect(html).toMatch(/id="f-base"[^>]* value=""[^>]* placeholder="dc=example"/)
    expect(words(html)).toContain('Base as all phones')
    expect(words(html)).toContain('Inherited: on')
    expect(html).toContain('system/ldap/base=dc=example')
    expect(html).toContain('href="/directory/try?region=Nord"')
  })

  test('are saved for a region; what is empty stays inherited', async () => {
    furnishDirectory(book, 1)
    const response = await visitor.submit('/directory/phones?region=Nord', '/directory/phones', {
      ...{ active: '', maxHits: '20', nameFilter: '(sn=%)', areaCode: '' },
    })
    expect(location(response)).toBe('/directory/phones?region=Nord')
    expect(book.own.get('Nord')).toEqual({ maxHits: '20', nameFilter: '(sn=%)' })
    expect(book.keptPassword).toBe(true)
    expect(book.own.get('')).toMatchObject({ maxHits: '50' })
  })

  test('of many regions are chosen from a list', async () => {
    book.regionNames = Array.from({ length: 40 }, (_, n) => `Region ${n}`)
    const html = await visitor.page('/directory/phones?region=Region+7')
    expect(html).toContain('<option value="Region 7" selected>')
    expect(html).not.toContain('aria-label="Whose settings"')
  })

  test('forget a password only when told to, and never show it', async () => {
    furnishDirectory(book, 1)
    const html = await visitor.page('/directory/phones')
    expect(html).toMatch(/id="f-password"(?![^>]*value=)/)
    expect(words(html)).toContain('One is kept here')
    await visitor.submit('/directory/phones', '/directory/phones', { forget: '1' })
    expect(book.keptPassword).toBe(false)
  })

  test.each([
    ['maxHits', '1001', 'from 1 to 1000'],
    ['port', '0', 'from 1 to 65535'],
    ['active', '2', 'Choose one of these.'],
    ['nameFilter', 'x'.repeat(300), 'at most 256'],
  ])('with a bad %s are refused beside it', async (field, value, reason) => {
    const response = await visitor.submit('/directory/phones', '/directory/phones', { [field]: value })
    const html = await response.text()
    expect(response.status).toBe(422)
    expect(new RegExp(`id="f-${field}-error">.*?</p>`).exec(html)?.[0]).toContain(reason)
    expect(book.own.size).toBe(0)
  })

  test('show what the service refuses', async () => {
    book.refusal = [{ field: 'nameFilter', message: 'This is no LDAP filter.' }]
    const response = await visitor.submit('/directory/phones', '/directory/phones', { nameFilter: '(sn=%' })
    expect([response.status, (await response.text()).includes('This is no LDAP filter.')]).toEqual([422, true])
  })
})

describe('trying it as a phone', () => {
  test('shows the display, the exact filter and how many entries were looked at', async () => {
    furnishDirectory(book, 20)
    const html = await visitor.page('/directory/try?text=a&field=number&region=Nord')
    expect(book.asked).toEqual({ typed: 'a', field: 'number', region: 'Nord' })
    const text = words(html)
    expect(text).toContain('(|(sn=a*)(givenName=a*)(displayName=a*))')
    expect(text).toContain('Entries looked at 41')
    expect(text).toContain('more than the 10 that this phone takes')
    expect(html.match(/<li class="selected">/g)).toHaveLength(1)
  })

  test('says why a phone would show nothing', async () => {
    const text = words(await visitor.page('/directory/try?text=a'))
    expect(text).toContain('LDAP is switched off')
    expect(text).toContain('Search failed')
  })

  test('says that nothing was found, and asks nothing before something is typed', async () => {
    book.screen = {
      kind: 'shown',
      base: '',
      filter: '(sn=zz*)',
      maxHits: 50,
      hits: [],
      more: false,
      touched: 0,
      micros: 3,
    }
    expect(words(await visitor.page('/directory/try'))).toContain('Type a name or number.')
    expect(book.asked).toBeUndefined()
    expect(words(await visitor.page('/directory/try?text=zz'))).toContain('Nothing found')
  })

  test('is sent alone while typing', async () => {
    const html = await (await visitor.get('/directory/try?text=a', { 'HX-Request': 'true' })).text()
    expect(html).toMatch(/^<div id="list" class="try"/)
  })
})

describe('behind the gate', () => {
  const paths = ['', '/contacts/new', '/import', '/accounts', '/upstreams', '/phones', '/try', '/export.csv']
  test.each(paths)('/directory%s needs a session', async (path) => {
    const stranger = new Visitor(site)
    const response = await stranger.get(`/directory${path}`)
    expect(location(response)).toContain('/sign-in')
  })

  const posts = [
    '/contacts/new',
    '/contacts/c0',
    '/contacts/c0/remove',
    '/accounts/new',
    '/accounts/reception',
    '/accounts/reception/remove',
    '/upstreams/Branch/sync',
    '/phones',
    '/import/x',
  ]
  test.each(posts)('a POST to /directory%s without the token changes nothing', async (path) => {
    furnishDirectory(book, 3)
    const before = [book.contacts.count(), book.accountRows.length, book.own.size]
    for (const fields of [{}, { csrf: 'x' }]) {
      const response = await visitor.post(`/directory${path}`, {
        displayName: 'A',
        name: 'b',
        how: 'generate',
        ...fields,
      })
      expect(response.status).toBe(403)
    }
    const form = await visitor.page('/directory/contacts/new')
    const foreign = await visitor.post(`/directory${path}`, hiddenOf(form), { Origin: 'https://evil.example' })
    expect(foreign.status).toBe(403)
    expect([book.contacts.count(), book.accountRows.length, book.own.size]).toEqual(before)
    expect(port.now()).toBe(MONDAY)
  })
})

/** What a browser would send of the form's own fields. */
function fieldsOf(html: string): Record<string, string> {
  const text = (value: string) => value.replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&lt;', '<')
  const inputs = [...html.matchAll(/<input type="(?:text|email)" id="f-[^"]*" name="([^"]*)"[^>]* value="([^"]*)"/g)]
  const areas = [...html.matchAll(/<textarea id="f-[^"]*" name="([^"]*)"[^>]*>\n([^<]*)<\/textarea>/g)]
  return Object.fromEntries([...inputs, ...areas].map(([, name = '', value = '']) => [name, text(value)]))
}

function hiddenOf(html: string): Record<string, string> {
  const hidden = [...html.slice(html.indexOf('<main')).matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
  return Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value]))
}
