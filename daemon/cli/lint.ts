// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from 'node:fs/promises'
import { Command } from 'commander'
import { shippedParameters } from '#config/catalogue'
import { LONGEST_TEXT } from '#daemon/domain/provisioning/language'
import { lint } from '#daemon/domain/provisioning/lint'
import type { Finding } from '#daemon/domain/provisioning/lint-codes'
import { ParameterCatalogue } from '#daemon/domain/provisioning/parameter'
import { type CliIo, fail } from './io.ts'

interface Options {
  readonly model?: string
  readonly firmware?: string
  readonly json?: boolean
}

/** `offhook lint <file>`: what is wrong with a phone's file or a template. Needs no running daemon. */
export function lintCommand(io: CliIo): Command {
  return new Command('lint')
    .description("check a phone's file or a template; exit code 1 if a phone would refuse it")
    .argument('<file>', 'the file')
    .option('-m, --model <model>', 'the model that reads it, such as 440HD; all models if not told')
    .option('--firmware <version>', 'its firmware, such as UC_3.0.4')
    .option('--json', 'print JSON')
    .action(async (file: string, { model, firmware, json }: Options) => {
      try {
        const catalogue = new ParameterCatalogue(shippedParameters())
        const findings = lint(await textOf(file), { catalogue, model: model?.toUpperCase(), firmware })
        if (json) io.stdout(`${JSON.stringify(findings)}\n`)
        else for (const finding of findings) io.stdout(`${lineOf(file, finding)}\n`)
        if (findings.some(({ severity }) => severity === 'error')) io.setExitCode(1)
      } catch (error) {
        fail(io, error)
      }
    })
}

/** Of a file that is no larger than a phone's can be. */
export async function textOf(file: string): Promise<string> {
  const { size } = await stat(file)
  if (size > 4 * LONGEST_TEXT) throw new Error(`${file} is larger than a phone's file can be`)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(file))
  } catch (error) {
    throw error instanceof TypeError ? new Error(`${file} is no UTF-8 text`) : error
  }
}

/** As compilers write it, so that editors find the place. */
function lineOf(file: string, { line, column, severity, code, message, key }: Finding): string {
  const place = column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`
  return `${place}: ${severity}: ${key === undefined ? '' : `${key}: `}${message} [${code}]`
}
