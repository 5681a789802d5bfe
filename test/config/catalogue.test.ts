// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { shippedParameters } from '#config/catalogue'

const SHIPPED = shippedParameters()

function parameter(name: string) {
  const found = SHIPPED.find((one) => one.name === name)
  if (!found) throw new Error(`no ${name}`)
  return found
}

test('the list holds what the firmware and the manuals name, each once', () => {
  const names = SHIPPED.map(({ name }) => name.toLowerCase())
  expect(names.length).toBeGreaterThan(950)
  expect(new Set(names).size).toBe(names.length)
  expect(names).toEqual([...names].sort())
})

test('facts, ranges and indexes are as the firmware has them', () => {
  expect(parameter('ems_server/keep_alive_period').variants).toEqual([
    { models: ['405HD', '440HD', '450HD'], type: 'int', min: 0, max: 300, default: '60' },
  ])
  expect(parameter('voip/line/#/id').variants.map(({ models, index }) => [models, index])).toEqual([
    [
      ['405HD', '440HD'],
      [0, 5],
    ],
    [['450HD'], [0, 7]],
  ])
  expect(parameter('personal_settings/language').variants[0]).toMatchObject({ type: 'enum', reload: 'reboot' })
  expect(parameter('lync/BToE/TcpPortNumber').source).toBe('firmware')
  expect(parameter('system/ldap/enabled')).toMatchObject({ source: 'manual', variants: [{ models: [] }] })
})

test('no secret has a default', () => {
  const secured = SHIPPED.filter(({ variants }) => variants.some((facts) => facts.secured))
  expect(secured.map(({ name }) => name)).toContain('voip/line/#/auth_password')
  expect(secured.flatMap(({ variants }) => variants.filter((facts) => facts.secured && facts.default))).toEqual([])
  const file = text(join(import.meta.dirname, '../../config/parameters/firmware.jsonl'))
  return expect(file).resolves.not.toContain('$1$')
})

test('a fact that nobody knows is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-catalogue-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'firmware.jsonl'), '{"name":"a/b","variants":[{"models":["440HD"],"sort":"int"}]}\n')
  await writeFile(join(folder, 'additions.yaml'), 'parameters: []\nspelling: []\n')
  expect(() => shippedParameters(folder)).toThrow(/sort/)
})

test('the source and its licence go with the list', async () => {
  const notice = await text(join(import.meta.dirname, '../../config/parameters/NOTICE'))
  expect(notice).toContain('MIT License')
  expect(notice).toContain('Copyright (c) 2017 Shane Hoey')
})

function text(file: string): Promise<string> {
  return readFile(file, 'utf8')
}
