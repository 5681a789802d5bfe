// SPDX-License-Identifier: Apache-2.0
import type { Checksum, Firmware, Said } from '#daemon/domain/firmware'
import { type ImageHeader, type Inspection, imageName } from '#daemon/vendors/audiocodes/firmware-image'
import type { FieldError } from '#web/ports/saved'

/** What an admin says of a file. */
export interface Statement {
  readonly fileName: string
  /** Empty to take the header's, or else the file name's. */
  readonly model: string
  readonly version: string
  /** Keep it although it looks wrong. */
  readonly insist: boolean
}

export type ImageFacts = Pick<
  Firmware,
  'models' | 'modelsFrom' | 'version' | 'versionFrom' | 'built' | 'checksum' | 'doubts'
>

export type Verdict =
  | { readonly kind: 'taken'; readonly facts: ImageFacts }
  /** An error of the field `insist` goes away when the admin insists; no other does. */
  | { readonly kind: 'refused'; readonly errors: readonly FieldError[] }

const MODEL = /^[A-Z0-9][A-Z0-9-]{0,31}$/
const VERSION = /^[\w.-]{1,40}$/

/**
 * Whether a file that came is an image that we take, and for which phones. The header's word counts most, then what the
 * admin says, then the file's name. `others` are the images that are here already.
 */
export function judge(
  inspection: Inspection,
  size: number,
  statement: Statement,
  others: readonly Pick<Firmware, 'models' | 'version'>[],
): Verdict {
  if (size === 0) return refused('file', 'The file is empty.')
  if (inspection.kind === 'cut') return refused('file', `The file is cut off. ${inspection.reason}`)
  const header = inspection.kind === 'image' ? inspection.header : undefined
  const stated = statement.model.trim().toUpperCase()
  const errors = contradictions(header, stated, statement.version.trim())
  if (errors.length > 0) return { kind: 'refused', errors }

  const named = imageName(statement.fileName)
  const models = modelsOf(header, stated, named.model)
  if (models.value.length === 0) {
    return refused('model', 'Neither its header nor its name says for which model it is: choose one.')
  }
  const version = versionOf(header, statement.version.trim(), named.version)
  const checksum: Checksum = inspection.kind === 'image' ? inspection.checksum : 'none'
  const doubts = [
    ...(header ? [] : ['It has no firmware header that can be read: it may be no firmware at all.']),
    ...(inspection.kind === 'image' ? inspection.faults : []),
    ...(named.model !== '' && !models.value.includes(named.model)
      ? [`Its name says ${named.model}, and its header ${models.value.join(', ')}.`]
      : []),
    ...(isTwin(models.value, version.value, others)
      ? [`Another image is here that says it is ${version.value} for ${models.value[0]}, and has other bytes.`]
      : []),
  ]
  if (doubts.length > 0 && !statement.insist) return refused('insist', doubts.join(' '))
  return {
    kind: 'taken',
    facts: {
      ...{ models: models.value, modelsFrom: models.from, version: version.value, versionFrom: version.from },
      ...{ built: header?.built ?? '', checksum, doubts },
    },
  }
}

function contradictions(header: ImageHeader | undefined, model: string, version: string): FieldError[] {
  const errors: FieldError[] = []
  if (model !== '' && !MODEL.test(model)) {
    errors.push({ field: 'model', message: 'A model has letters, digits and dashes, such as 440HD.' })
  } else if (model !== '' && header && header.models.length > 0 && !header.models.includes(model)) {
    const message = `This is no image for ${model}: its header says ${header.models.join(', ')}.`
    errors.push({ field: 'model', message })
  }
  if (version !== '' && !VERSION.test(version)) {
    errors.push({ field: 'version', message: 'A version has digits and dots, such as 2.2.16.704.' })
  } else if (version !== '' && header && header.version !== '' && header.version !== version) {
    errors.push({ field: 'version', message: `Its header says ${header.version}: leave this empty.` })
  }
  return errors
}

function modelsOf(header: ImageHeader | undefined, stated: string, named: string) {
  if (header && header.models.length > 0) return { value: header.models, from: 'header' as Said }
  if (stated !== '') return { value: [stated], from: 'admin' as Said }
  return named === '' ? { value: [], from: '' as Said } : { value: [named], from: 'file name' as Said }
}

function versionOf(header: ImageHeader | undefined, stated: string, named: string) {
  if (header && header.version !== '') return { value: header.version, from: 'header' as Said }
  if (stated !== '') return { value: stated, from: 'admin' as Said }
  return named === '' ? { value: '', from: '' as Said } : { value: named, from: 'file name' as Said }
}

function isTwin(models: readonly string[], version: string, others: readonly Pick<Firmware, 'models' | 'version'>[]) {
  return (
    version !== '' && others.some((other) => other.version === version && other.models.some((m) => models.includes(m)))
  )
}

function refused(field: string, message: string): Verdict {
  return { kind: 'refused', errors: [{ field, message }] }
}
