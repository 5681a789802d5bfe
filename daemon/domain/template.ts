// SPDX-License-Identifier: Apache-2.0
import { type Layer, resolve } from './placeholder.ts'

/** What a phone's files are made from: a shared part, and a part of its own that includes the shared one. */
export interface Template {
  readonly id: string
  readonly models: readonly string[]
  readonly firmware: 'sip' | 'uc'
  readonly global: string
  readonly private: string
}

export interface Rendered {
  readonly text: string
  /** Placeholders that no layer knows, in order; their lines were left out. */
  readonly unresolved: readonly string[]
}

const PLACEHOLDER = /%ITCS_([A-Za-z0-9_]+)%/g

/**
 * Fills a cfg text. A line with a placeholder that no layer knows is left out, so that the phone keeps its default.
 * Values are put in once (never expanded again) and stripped of control characters: no value can add a line.
 */
export function render(text: string, layers: readonly Layer[]): Rendered {
  const unresolved = new Set<string>()
  const lines = text.split(/\r?\n/).filter((line) => {
    const missing = [...line.matchAll(PLACEHOLDER)]
      .map(([, name = '']) => name)
      .filter((name) => !resolve(layers, name))
    for (const name of missing) unresolved.add(name)
    return missing.length === 0
  })
  const filled = lines.map((line) =>
    line.replaceAll(PLACEHOLDER, (_, name: string) => plain(resolve(layers, name)?.value ?? '')),
  )
  return { text: filled.join('\n'), unresolved: [...unresolved] }
}

/**
 * The shared file is the same for all who fetch it from one place; what a phone, its user or its own place set is written
 * into its own file, after the line that includes the shared one: later lines win.
 */
export function renderOwn(template: Template, shared: readonly Layer[], own: readonly Layer[]): string {
  const theirs = new Set(render(template.global, shared).text.split('\n'))
  const ours = render(template.global, own).text.split('\n')
  const differing = ours.filter((line) => !theirs.has(line) && /^\s*[^;#\s]/.test(line))
  const lines = render(template.private, own).text.split('\n')
  const included = lines.findIndex((line) => /^\s*include\s/i.test(line))
  return lines.toSpliced(included + 1, 0, ...differing).join('\n')
}

/** The template for a phone: one that knows its model, of its firmware's flavour where there is a choice. */
export function templateFor(templates: readonly Template[], model: string, firmware: string): Template | undefined {
  const fitting = templates.filter((template) => template.models.includes(model))
  const flavour = firmware.toUpperCase().startsWith('UC_') ? 'uc' : 'sip'
  return fitting.find((template) => template.firmware === flavour) ?? fitting[0]
}

/** The name of a template's shared file, as device files include it. */
export function globalFileName(template: Template): string {
  return `${template.id}_global.cfg`
}

function plain(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
  return value.replaceAll(/[\u0000-\u001f\u007f]/g, '')
}
