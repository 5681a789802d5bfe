// SPDX-License-Identifier: Apache-2.0
// What OpenLDAP's own tools make of this server: every option that the README promises.
import { describe, expect, test } from 'vitest'
import { here } from '#test/support/process'
import { freshCertificate } from './certificate.ts'
import { PHONES, portOf, STAFF, SUFFIX, serve, shelf } from './house.ts'

const CONTACTS = `ou=contacts,${SUFFIX}`
const ANN = `uid=ann,${CONTACTS}`

interface Tools {
  readonly uri: string
  readonly tlsUri: string
  /** Lets the tools trust the server's certificate. */
  readonly env: Readonly<Record<string, string>>
}

async function tools(): Promise<Tools> {
  const { key, cert, file } = await freshCertificate()
  const house = await serve({
    ...{ port: portOf(shelf(STAFF)), tls: () => ({ key, cert }) },
    tlsListen: { address: '127.0.0.1', port: 0 },
  })
  const env = { LDAPTLS_CACERT: file, LDAPTLS_REQCERT: 'demand' }
  return { uri: `ldap://127.0.0.1:${house.port}`, tlsUri: `ldaps://127.0.0.1:${house.tlsPort}`, env }
}

async function run(tool: string, args: readonly string[], { uri, env }: Tools, input = '') {
  return here.run(tool, ['-x', '-H', uri, ...args], { env, input })
}

/** Ids of the people found, in order. */
async function found(given: Tools, ...args: string[]): Promise<string[]> {
  const { stdout } = await run('ldapsearch', ['-LLL', '-b', SUFFIX, ...args], given)
  return [...stdout.matchAll(/^dn: uid=([^,]+)/gm)].map(([, id]) => id ?? '')
}

describe('ldapsearch', () => {
  test.each([
    ['the name filter of the phones', '(|(sn=le*)(givenname=le*)(displayname=le*))', ['ann', 'joerg', 'mia']],
    [
      'the number filter of the phones',
      '(|(telephoneNumber=4930*)(Mobile=4930*)(homePhone=4930*)(ipPhone=4930*))',
      ['ann', 'joerg'],
    ],
    ['another make’s name filter', '(|(cn=mia*)(sn=mia*))', ['mia']],
    ['middles and ends', '(&(cn=*e*)(cn=*n))', ['joerg']],
    ['accents left out', '(cn=jorg*)', ['joerg']],
    ['not', '(&(sn=*)(!(sn=l*)))', ['zoe']],
    ['at least and at most', '(&(sn>=lee)(sn<=lehz))', ['ann', 'joerg']],
    ['approximately', '(sn~=LEE)', ['ann']],
    ['extensible: Undefined', '(sn:caseExactMatch:=Lee)', []],
    ['an attribute that nobody knows: Undefined', '(|(shoeSize=42)(sn=abel))', ['zoe']],
    ['escapes', '(company=\\3cscript\\3e*)', ['zoe']],
    ['true', '(&)', ['ann', 'joerg', 'mia', 'zoe']],
    ['false', '(|)', []],
  ])('%s: %s', async (_, filter, ids) => {
    expect(await found(await tools(), filter)).toEqual(ids)
  })

  test('-z and -l, -s, -A, attributes', async () => {
    const given = await tools()
    const limited = await run('ldapsearch', ['-LLL', '-b', SUFFIX, '-z', '2', '-l', '5', '(sn=*)'], given)
    expect([limited.code, limited.stdout.match(/^dn:/gm)?.length]).toEqual([4, 2])
    expect(await found(given, '-s', 'one', '(sn=*)')).toEqual([])
    expect(await found(given, '-s', 'children', '(sn=abel)')).toEqual(['zoe'])
    const types = await run('ldapsearch', ['-LLL', '-A', '-b', ANN, '(sn=*)', 'MAIL'], given)
    expect(types.stdout.trim()).toBe(`dn: ${ANN}\nmail:`)
    const none = await run('ldapsearch', ['-LLL', '-b', ANN, '(sn=*)', '1.1'], given)
    expect(none.stdout.trim()).toBe(`dn: ${ANN}`)
  })

  test('-E pr= pages through everything', async () => {
    expect((await found(await tools(), '-E', 'pr=1/noprompt', '(sn=*)')).sort()).toEqual(['ann', 'joerg', 'mia', 'zoe'])
  })

  test('-E sss= sorts, forwards and backwards', async () => {
    const given = await tools()
    expect(await found(given, '-E', 'sss=sn', '(sn=*)')).toEqual(['zoe', 'ann', 'joerg', 'mia'])
    expect(await found(given, '-E', '!sss=-sn:2.5.13.3', '(sn=*)')).toEqual(['mia', 'joerg', 'ann', 'zoe'])
  })

  test('-E vlv= shows a window, and the next one for as long as it is let', async () => {
    const { uri, env } = await tools()
    const args = ['-x', '-H', uri, '-b', SUFFIX, '-E', 'sss=sn', '-E', 'vlv=0/1/1/0', '(sn=*)', '1.1']
    const running = here.start('ldapsearch', args, { env })
    await running.output(/vlvResult: pos=1 count=4/)
    running.kill('SIGKILL')
    await running.ended
    const [first = ''] = running.stdout.split('vlvResult:')
    expect([...first.matchAll(/^dn: uid=([^,]+)/gm)].map(([, id]) => id)).toEqual(['zoe', 'ann'])
    expect(first).toContain('sortResult: (0) Success')
  })

  test('the root DSE and the schema are read by the tool', async () => {
    const given = await tools()
    const root = await run('ldapsearch', ['-LLL', '-s', 'base', '-b', '', '+'], given)
    expect(root.stdout).toContain(`namingContexts: ${SUFFIX}`)
    const schema = await run(
      'ldapsearch',
      ['-LLL', '-o', 'ldif-wrap=no', '-s', 'base', '-b', 'cn=Subschema', '+'],
      given,
    )
    expect(schema.stdout).toMatch(/^attributeTypes: \( 2\.5\.4\.4 NAME \( 'sn' 'surname' \) SUP name /m)
  })

  test('version 2', async () => {
    expect(await found(await tools(), '-P', '2', '(sn=abel)')).toEqual(['zoe'])
  })

  test('a base that is not there, a wrong password, a control that must be known', async () => {
    const given = await tools()
    expect((await run('ldapsearch', ['-b', 'dc=nowhere'], given)).code).toBe(32)
    expect((await run('ldapsearch', ['-D', PHONES, '-w', 'wrong', '-b', SUFFIX], given)).code).toBe(49)
    expect((await run('ldapsearch', ['-D', PHONES, '-w', 'secret', '-b', SUFFIX], given)).code).toBe(0)
    expect((await run('ldapsearch', ['-E', '!subentries=true', '-b', SUFFIX], given)).code).toBe(12)
  })
})

describe('ldapcompare, ldapwhoami and those that would write', () => {
  test('ldapcompare', async () => {
    const given = await tools()
    expect((await run('ldapcompare', [ANN, 'sn:LEE'], given)).code).toBe(6)
    expect((await run('ldapcompare', [ANN, 'telephoneNumber:493012345'], given)).code).toBe(6)
    expect((await run('ldapcompare', [ANN, 'sn:Leo'], given)).code).toBe(5)
  })

  test('ldapwhoami', async () => {
    const given = await tools()
    expect((await run('ldapwhoami', [], given)).stdout.trim()).toBe('anonymous')
    expect((await run('ldapwhoami', ['-D', PHONES, '-w', 'secret'], given)).stdout.trim()).toBe(`dn:${PHONES}`)
  })

  test.each([
    ['ldapadd', [], `dn: uid=x,${CONTACTS}\nobjectClass: person\ncn: x\nsn: x\n`],
    ['ldapmodify', [], `dn: ${ANN}\nchangetype: modify\nreplace: sn\nsn: X\n`],
    ['ldapdelete', [ANN], ''],
    ['ldapmodrdn', [ANN, 'uid=bob'], ''],
  ])('%s: unwilling to perform', async (tool, args, input) => {
    expect((await run(tool, args, await tools(), input)).code).toBe(53)
  })
})

describe('encrypted, with the certificate checked', () => {
  test('-ZZ: StartTLS or nothing', async () => {
    expect(await found(await tools(), '-ZZ', '(sn=abel)')).toEqual(['zoe'])
  })

  test('ldaps://', async () => {
    const given = await tools()
    expect(await found({ ...given, uri: given.tlsUri }, '(sn=abel)')).toEqual(['zoe'])
    expect(
      (await run('ldapwhoami', ['-D', PHONES, '-w', 'secret'], { ...given, uri: given.tlsUri })).stdout.trim(),
    ).toBe(`dn:${PHONES}`)
  })

  test('a certificate that is not trusted ends it', async () => {
    const given = await tools()
    const { code } = await run('ldapwhoami', ['-ZZ'], {
      ...given,
      env: { LDAPTLS_CACERT: '/etc/hostname', LDAPTLS_REQCERT: 'demand' },
    })
    expect(code).not.toBe(0)
  })
})
