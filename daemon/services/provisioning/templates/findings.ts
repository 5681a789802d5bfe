// SPDX-License-Identifier: Apache-2.0
import type { Program } from '#daemon/domain/provisioning/language'
import { partName, type Template } from '#daemon/domain/provisioning/template'
import { textProblems } from '#daemon/domain/provisioning/text-check'
import type { Programs } from '#daemon/services/provisioning/programs'
import type { TemplatePart, TextFinding } from '#web/ports/templates'

/** What a linter says of a text for a model and flavour; `isKnown` tells whether some level has a placeholder. */
export type LintText = (
  text: string,
  about: {
    readonly model: string | undefined
    readonly firmware: 'sip' | 'uc'
    readonly isKnown: (name: string) => boolean
  },
) => readonly Pick<TextFinding, 'line' | 'severity' | 'message'>[]

export const PARTS: readonly TemplatePart[] = ['global', 'private']

/** Why a template's texts cannot be saved, by part and line. */
export function problemsOf(
  template: Template,
  programs: Programs,
  partOf: (part: string) => Program | undefined,
): TextFinding[] {
  const own = new Map(PARTS.map((part) => [partName(template.id, part), programs.of(template[part])]))
  const among = (part: string) => own.get(part) ?? partOf(part)
  return PARTS.flatMap((part) =>
    textProblems(partName(template.id, part), template[part], programs.of(template[part]), among).map(
      ({ line, message }) => ({ part, line, message, severity: 'error' as const }),
    ),
  )
}

/** What the linter says besides. */
export function lintOf(template: Template, lint: LintText, isKnown: (name: string) => boolean): TextFinding[] {
  const { models, firmware } = template
  const model = models.length === 1 ? models[0] : undefined
  return PARTS.flatMap((part) =>
    lint(template[part], { model, firmware, isKnown }).map((finding) => ({ part, ...finding })),
  )
}
