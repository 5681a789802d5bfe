// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { offhookProgram, runProgram } from '#daemon/cli/program'
import { SHELLS } from '#daemon/cli/reference/completion'
import { commandTree, flat } from '#daemon/cli/reference/tree'
import { cliIo, type Told } from '#test/support/cli'
import { here } from '#test/support/process'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-completion-'))
  for (const shell of SHELLS) {
    const told: Told = { out: '', err: '', code: 0 }
    await runProgram(['completion', shell], cliIo(told))
    expect(told.code).toBe(0)
    await writeFile(join(folder, shell), told.out)
  }
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** What bash offers at the end of the line. */
async function bash(...words: string[]): Promise<string[]> {
  const line = ['offhook', ...words]
  const quoted = line.map((word) => `'${word}'`).join(' ')
  const script = `source ${join(folder, 'bash')}; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _offhook; printf '%s\\n' "\${COMPREPLY[@]}"`
  const out = await here.must('bash', ['--norc', '-c', script], { cwd: folder })
  return out.split('\n').filter((word) => word !== '')
}

async function fish(line: string): Promise<string[]> {
  const script = `source ${join(folder, 'fish')}; complete -C ${JSON.stringify(line)}`
  const out = await here.must('fish', ['--no-config', '-c', script], { cwd: folder })
  return out.split('\n').flatMap((one) => (one === '' ? [] : [one.split('\t')[0] ?? '']))
}

/** The widget runs behind a terminal of its own; what it would insert is read back from there. */
async function zsh(line: string): Promise<string> {
  const script = `
    zmodload zsh/zpty
    zpty z zsh -f -i
    send() { zpty -w z "$1" }
    send "PS1=; autoload -Uz compinit; compinit -D -u; source ${join(folder, 'zsh')}; echo READ''Y"
    zpty -r z out '*READY*'
    zpty -w -n z "${line}"$'\\t'
    zpty -w -n z $'\\x01echo "<\\x05>"\\n'
    zpty -r z out '*<*>*<*>*' || zpty -r z out '*<*>*'
    print -r -- "$out"
    zpty -d z`
  return here.must('zsh', ['-f', '-c', script], { cwd: folder, timeoutMs: 15_000, env: { TERM: 'dumb' } })
}

describe('bash', () => {
  it('completes commands, and the commands below them', async () => {
    expect(await bash('al')).toEqual(['alarm'])
    expect(await bash('alarm', 're')).toEqual(['resend'])
    expect(await bash('alarm', 'ack', '--n')).toEqual(['--note'])
  })

  it('completes the values of an option that has few, and files for others', async () => {
    expect(await bash('dhcp', 'export', '--for', 'k')).toEqual(['kea'])
    expect(await bash('run', '--config', 'zs')).toEqual(['zsh'])
  })

  it('takes no value of an option for a command', async () => {
    expect(await bash('alarm', 'list', '--text', 'ack', '--sev')).toEqual(['--severity'])
  })

  it('offers every command there is', async () => {
    for (const { path } of flat(commandTree(offhookProgram(cliIo({ out: '', err: '', code: 0 })))).slice(1)) {
      expect(await bash(...path.split(' '))).toContain(path.split(' ').at(-1))
    }
  })
})

describe('fish', () => {
  it('completes commands, options and values', async () => {
    expect(await fish('offhook al')).toEqual(['alarm'])
    expect(await fish('offhook alarm ack --n')).toEqual(['--note'])
    expect(await fish('offhook dhcp export --for k')).toContain('kea')
    expect(await fish('offhook alarm list --text ack --sev')).toEqual(['--severity'])
  })
})

describe('zsh', () => {
  it('completes commands and options', async () => {
    expect(await zsh('offhook ala')).toContain('offhook alarm')
    expect(await zsh('offhook alarm ack --n')).toContain('--note')
  })

  it('takes the script as it is when it is one of its functions', async () => {
    const script = `fpath=(${folder} $fpath); cp ${join(folder, 'zsh')} ${join(folder, '_offhook')}; autoload -Uz compinit; compinit -D -u; print $_comps[offhook]`
    expect((await here.must('zsh', ['-f', '-c', script])).trim()).toBe('_offhook')
  })
})
