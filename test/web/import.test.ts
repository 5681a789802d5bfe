// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fileText, formatOf } from '#web/pages/directory/file-text'
import { Events, listen, location, type Site, signedIn, type Visitor } from './client.ts'
import type { MemoryDirectory } from './memory-directory.ts'
import { MemoryPort } from './memory-port.ts'
import { furnishDirectory } from './phonebook.ts'

const PATH = '/directory/import'
const HOUR = 3_600_000

let port: MemoryPort
let book: MemoryDirectory
let site: Site
let visitor: Visitor
let csrf: string

beforeEach(async () => {
  port = new MemoryPort()
  book = port.directory
  book.plans({ added: 2, hash: 'the-hash' })
  site = await listen(port, { feedLimits: { burst: 10, tick: 60_000, heartbeat: 60_000, clients: 10 } })
  visitor = await signedIn(site)
  csrf = /name="csrf" value="([^"]+)"/.exec(await visitor.page(PATH))?.[1] ?? ''
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

type Part = string | { readonly bytes: string | Uint8Array<ArrayBuffer>; readonly name: string }

function parts(fields: Readonly<Record<string, Part>>): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') form.append(name, value)
    else form.append(name, new Blob([value.bytes]), value.name)
  }
  return form
}

const STAFF = { bytes: 'name,number\nAnna,1\n', name: 'Staff 2026.csv' }

/** Uploads a file as the page does. */
function choose(file: Part = STAFF, fields: Readonly<Record<string, Part>> = {}): Promise<Response> {
  return visitor.upload(PATH, parts({ csrf, file, text: '', format: '', source: '', region: '', ...fields }))
}

describe('choosing a file', () => {
  test('tells the service all of it, and changes nothing', async () => {
    const response = await choose(STAFF, { region: 'Nord', replace: '1' })
    expect(response.status).toBe(303)
    expect(book.file).toEqual({
      ...{ text: 'name,number\nAnna,1\n', format: 'csv', source: 'Staff 2026', region: 'Nord', replace: true },
    })
    expect(book.appliedHash).toBeUndefined()
  })

  test('or pasting its text', async () => {
    const none = { bytes: '', name: '' }
    await choose(none, { text: 'BEGIN:VCARD\r\nFN:A\r\nEND:VCARD', source: 'Suppliers' })
    expect(book.file).toMatchObject({ format: 'vcard', source: 'Suppliers', replace: false })
  })

  test('leads to what would happen', async () => {
    furnishDirectory(book, 12)
    const html = await visitor.page(location(await choose()))
    const text = html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
    expect(text).toContain('Nothing is changed yet.')
    expect(text).toContain('9,940 Added 2 Changed 58 Unchanged 1 Removed 3 Cannot be taken')
    expect(text).toContain('Line 17 no name')
    expect(text).toContain('Business: +49 30 1234-101')
    expect(text).toContain('Business: +49 30 99')
    expect(html).toMatch(/<button class="button danger" type="submit">Import: add 9,940, change 2 and remove 1</)
  })

  test.each([
    ['nothing at all', { bytes: '', name: '' }, { source: 'A' }, 'Choose a file, or paste its text below.'],
    ['an empty file', { bytes: '', name: 'empty.csv' }, {}, 'empty.csv is empty.'],
    ['a file and a text', STAFF, { text: 'name\nB' }, 'leave one of them empty'],
    ['a text without a name', { bytes: '', name: '' }, { text: 'name\nB' }, 'Give the phonebook a name'],
    ['a reserved name', STAFF, { source: 'Manual' }, 'Choose another name.'],
    ['a format that there is not', STAFF, { format: 'exe' }, 'Choose one of these.'],
    ['a region that there is not', STAFF, { region: 'Atlantis' }, 'Choose one of these.'],
  ])('refuses %s', async (_, file, fields, reason) => {
    const response = await choose(file, fields)
    expect([response.status, (await response.text()).includes(reason)]).toEqual([422, true])
    expect(book.file).toBeUndefined()
  })

  test('takes a file’s name as text, never as a path', async () => {
    const html = await visitor.page(location(await choose({ ...STAFF, name: '../../<b>etc\u202e"passwd.csv' })))
    expect(html).not.toContain('<b>')
    expect(html).not.toContain('\u202e')
    expect(book.file?.source).not.toMatch(/[<>/\u202e"]/)
  })

  test('names the encoding when it had to guess', async () => {
    const latin = Uint8Array.from(Buffer.from('name\nJürgen', 'latin1'))
    const html = await visitor.page(location(await choose({ bytes: latin, name: 'a.csv' })))
    expect(book.file?.text).toBe('name\nJürgen')
    expect(html).toContain('Windows-1252')
  })
})

describe('a form with files', () => {
  test.each([
    ['without its token', { file: STAFF }],
    ['whose token comes after the file', { file: STAFF, csrf: 'later' }],
    ['with another token', { csrf: 'x'.repeat(43), file: STAFF }],
    ['whose first part is another', { source: 'A', csrf: 'later', file: STAFF }],
  ])('%s is refused before anything is kept', async (_, fields) => {
    const response = await visitor.upload(
      PATH,
      parts('csrf' in fields && fields.csrf === 'later' ? { ...fields, csrf } : fields),
    )
    expect(response.status).toBe(403)
    expect(book.file).toBeUndefined()
  })

  test('whose token does not come soon is refused before the rest is read', async () => {
    const stalled = new ReadableStream({
      start: (to) => {
        to.enqueue(Buffer.from('--B\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n'))
        to.enqueue(Buffer.alloc(262_144, 'x'))
      },
    })
    const abort = new AbortController()
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { 'Content-Type': 'multipart/form-data; boundary=B', Cookie: cookie, Origin: site.url }
    const init = { method: 'POST', body: stalled, headers, duplex: 'half', signal: abort.signal }
    const response = await fetch(site.url + PATH, init as RequestInit)
    expect(response.status).toBe(403)
    abort.abort()
  })

  test('of another site is refused, even with the token', async () => {
    const response = await visitor.upload(PATH, parts({ csrf, file: STAFF }), { Origin: 'https://evil.example' })
    expect([response.status, book.file]).toEqual([403, undefined])
  })

  test('goes only where files are taken', async () => {
    expect((await visitor.upload('/directory/contacts/new', parts({ csrf, file: STAFF }))).status).toBe(415)
    expect((await visitor.upload('/sign-out', parts({ csrf }))).status).toBe(415)
  })

  test.each([
    ['says how long it is', (body: Blob) => body],
    ['does not', (body: Blob) => body.stream()],
  ])('that is too long ends with 413 when it %s', async (_, bodyOf) => {
    const head = `--B\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n${csrf}\r\n--B\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n`
    const body = new Blob([head, new Uint8Array(33 * 2 ** 20), '\r\n--B--\r\n'])
    const response = await visitor.send(PATH, bodyOf(body) as BodyInit, {
      'Content-Type': 'multipart/form-data; boundary=B',
    })
    expect(response.status).toBe(413)
    expect(await response.text()).toContain('at most 32 MB')
    expect(book.file).toBeUndefined()
  })

  test.each([
    ['two files', { file: STAFF, more: STAFF }, 413],
    ['hundreds of fields', Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`f${n}`, 'x'])), 413],
  ])('with %s is refused', async (_, fields, status) => {
    expect((await visitor.upload(PATH, parts({ csrf, ...fields }))).status).toBe(status)
    expect(book.file).toBeUndefined()
  })

  test.each([
    ['no boundary', 'multipart/form-data', 'x'],
    ['no parts', 'multipart/form-data; boundary=B', 'nothing of the kind'],
    [
      'an end too soon',
      'multipart/form-data; boundary=B',
      '--B\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nx',
    ],
    ['no body', 'multipart/form-data; boundary=B', ''],
    [
      'a zero byte in a name',
      'multipart/form-data; boundary=B',
      '--B\r\nContent-Disposition: form-data; name="a\0"\r\n\r\nx\r\n--B--\r\n',
    ],
  ])('with %s is refused', async (_, type, body) => {
    const response = await visitor.send(PATH, body, { 'Content-Type': type })
    expect([400, 403]).toContain(response.status)
    expect(book.file).toBeUndefined()
  })

  test('does not keep others waiting when its sender stops half way', async () => {
    const head = `--B\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n${csrf}\r\n--B\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nname`
    const slow = Array.from({ length: 3 }, () => {
      const abort = new AbortController()
      const stream = new ReadableStream({ start: (to) => to.enqueue(Buffer.from(head)) })
      const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const headers = { 'Content-Type': 'multipart/form-data; boundary=B', Cookie: cookie, Origin: site.url }
      const init = { method: 'POST', body: stream, headers, duplex: 'half', signal: abort.signal }
      return { abort, answer: fetch(site.url + PATH, init as RequestInit).catch(() => undefined) }
    })
    // Three are the most at a time; which of them have begun is told by the fourth.
    await expect.poll(async () => (await choose()).status, { timeout: 5000 }).toBe(503)
    for (const { abort } of slow) abort.abort()
    await Promise.all(slow.map(({ answer }) => answer))
    await expect.poll(async () => (await choose()).status, { timeout: 5000 }).toBe(303)
  })
})

describe('importing', () => {
  const preview = async (): Promise<string> => location(await choose())

  test('does what was shown, and says so', async () => {
    const path = await preview()
    const response = await visitor.submit(path, path)
    expect(book.appliedHash).toBe('the-hash')
    const html = await visitor.page(location(response))
    expect(html).toContain('Imported. Phones find the contacts')
    expect(html).toContain('href="/directory?source=Staff%202026"')
    expect(html).not.toContain('name="hash"')
  })

  test('is refused when the contacts have changed, and shows what would happen now', async () => {
    const path = await preview()
    book.plans({ added: 1, hash: 'another' })
    const html = await visitor.page(location(await visitor.submit(path, path)))
    expect(html).toContain('have changed since you looked')
    expect(html).toContain('value="another"')
    expect(await visitor.page(location(await visitor.submit(path, path)))).toContain('Imported.')
  })

  test('pressed twice happens once', async () => {
    const path = await preview()
    const hidden = { csrf, hash: 'the-hash' }
    await visitor.post(path, hidden)
    book.appliedHash = undefined
    const again = await visitor.post(path, hidden)
    expect([again.status, location(again), book.appliedHash]).toEqual([303, path, undefined])
  })

  test('offers nothing to do when nothing would happen', async () => {
    book.plans({ unchanged: 7 })
    const html = await visitor.page(await preview())
    expect(html).toContain('There is nothing to import')
    expect(html).not.toContain('name="hash"')
  })

  test('that fails says so, may be tried again, and the fault is ours to look at', async () => {
    const path = await preview()
    book.work = () => Promise.reject(new Error('the disk is full'))
    const task = location(await visitor.submit(path, path))
    const html = await visitor.page(task)
    expect(html).toContain('It failed by a fault of the server')
    expect(html).not.toContain('the disk is full')
    expect(html).toContain(`href="${path}"`)
    expect(site.faults.splice(0).map(({ message }) => message)).toEqual(['the disk is full'])
    book.work = async () => {}
    expect(await visitor.page(location(await visitor.submit(path, path)))).toContain('Imported.')
  })

  test('forgets a file after an hour', async () => {
    const path = await preview()
    port.clock += HOUR
    visitor = await signedIn(site)
    expect((await visitor.get(path)).status).toBe(404)
    const token = /name="csrf" value="([^"]+)"/.exec(await visitor.page(PATH))?.[1] ?? ''
    expect((await visitor.post(path, { csrf: token })).status).toBe(410)
    expect((await visitor.get(`${path}/rejected.csv`)).status).toBe(404)
  })

  test('keeps six files at most', async () => {
    const paths: string[] = []
    for (let n = 0; n < 7; n++) paths.push(await preview())
    const statuses = await Promise.all(paths.map(async (path) => (await visitor.get(path)).status))
    expect(statuses).toEqual([404, 200, 200, 200, 200, 200, 200])
  })

  test('gives the rejected rows as a file that no spreadsheet calculates', async () => {
    book.plans({ rejected: [{ line: 3, reason: '=HYPERLINK("x"), "y"' }] })
    const response = await visitor.get(`${await preview()}/rejected.csv`)
    expect(response.headers.get('Content-Disposition')).toBe('attachment; filename="rejected.csv"')
    expect(await response.text()).toBe(`line,reason\r\n3,"'=HYPERLINK(""x""), ""y"""\r\n`)
  })
})

describe('a long import', () => {
  test('shows how far it is, with and without scripts, and leads to its result', async () => {
    let step: (done: number, whole: number) => void = () => {}
    let end = () => {}
    book.work = (progress) => {
      step = progress
      return new Promise((resolve) => {
        end = resolve
      })
    }
    const task = location(await choose())
    expect(task).toMatch(/^\/tasks\/[\w-]{22}$/)
    expect(await visitor.page(task)).toContain('<strong>Working</strong>')
    step(1700, 0)
    expect(await visitor.page(task)).toContain('<strong>1,700 so far</strong>')
    step(4200, 10_000)
    const html = await visitor.page(task)
    expect(html).toContain('<noscript><meta http-equiv="refresh" content="2"></noscript>')
    expect(html).toContain('<progress aria-label="Reading Staff 2026.csv" value="4200" max="10000">')
    expect(await visitor.page('/')).toContain(`<a href="${task}">Reading Staff 2026.csv</a>`)
    const stream = /data-events="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const events = new Events(await visitor.get(stream))
    expect((await events.next())?.data).toContain('4,200 of 10,000')
    step(5000, 10_000)
    expect((await events.next())?.data).toContain('5,000 of 10,000')
    end()
    const last = (await events.next())?.data ?? ''
    expect(last).toMatch(/data-forward=\\"\/directory\/import\/[\w-]{22}\\"/)
    await events.close()
    expect(location(await visitor.get(task))).toMatch(/^\/directory\/import\//)
    expect(await visitor.page('/')).not.toContain(task)
  })

  test('has room for four at a time', async () => {
    const ends: (() => void)[] = []
    book.work = () => new Promise((resolve) => void ends.push(resolve))
    // One after the other: three uploads may come at a time.
    for (let n = 0; n < 4; n++) expect((await choose()).status).toBe(303)
    expect((await choose()).status).toBe(503)
    for (const end of ends) end()
  })

  test.each(['/tasks/nothing', '/tasks/%3Cscript%3E', `/tasks/${'x'.repeat(500)}`])('%s is not found', async (path) => {
    expect((await visitor.get(path)).status).toBe(404)
  })

  test.each(['/events?show=task', '/events?show=task&item=00908f123456', '/events?show=task&item=%00'])(
    '%s is refused',
    async (path) => {
      expect((await visitor.get(path)).status).toBe(400)
    },
  )
})

describe('the text of a file', () => {
  test.each([
    ['UTF-8', Buffer.from('Zoë'), 'Zoë', ''],
    ['UTF-8 with a mark', Buffer.from('\ufeffZoë'), 'Zoë', ''],
    ['UTF-16 little endian', Buffer.from('\ufeffZoë', 'utf16le'), 'Zoë', 'UTF-16'],
    ['UTF-16 big endian', Buffer.from('\ufeffZoë', 'utf16le').swap16(), 'Zoë', 'UTF-16'],
    ['Windows-1252', Buffer.from([0x5a, 0x6f, 0xeb, 0x80]), 'Zoë€', 'Windows-1252, as it is no UTF-8'],
  ])('is read from %s', (_, bytes, text, encoding) => {
    expect(fileText(bytes)).toEqual({ text, encoding })
  })

  test.each([
    ['a.vcf', '', 'vcard'],
    ['a.txt', 'begin:vcard\nFN:A', 'vcard'],
    ['a.csv', '# made by hand\n\ndn: uid=a,dc=b\n', 'ldif'],
    ['a.ldif', 'version: 1\n', 'ldif'],
    ['a', 'dn:: dWlkPWE=', 'ldif'],
    ['A.LDIF', '', 'ldif'],
    ['a.exe', 'name,number', 'csv'],
    ['', '', 'csv'],
  ])('of %s that begins with %j is taken as it is meant', (name, text, format) => {
    expect(formatOf(name, text)).toBe(format)
  })
})
