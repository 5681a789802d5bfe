// SPDX-License-Identifier: Apache-2.0
import type { Subject, SubjectKind } from '#daemon/domain/provisioning/revision'

export const HOME = '/changes'
export const PLACEHOLDERS = '/placeholders'

export const KINDS: Readonly<Record<SubjectKind, string>> = {
  template: 'Template',
  mapping: 'Mapping',
  settings: 'Settings',
  pinned: 'Pinned file',
  scope: 'Region or site',
  directory: 'Directory on phones',
  user: 'User',
  phone: 'Phone',
  file: 'File',
  import: 'Import',
}

export function subjectText({ kind, name }: Subject): string {
  return name === '' ? KINDS[kind] : `${KINDS[kind]}: ${name}`
}
