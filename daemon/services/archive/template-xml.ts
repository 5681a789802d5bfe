// SPDX-License-Identifier: Apache-2.0
import { DOMParser, ParseError } from '@xmldom/xmldom'

/**
 * A template as the incumbent keeps it: an XML file `ipphonetamplate` [sic] with a shared part (`global_file`) and one of
 * each phone (`file`), both as cfg text with placeholders.
 */
export interface TemplateXml {
  /** `audiocodes_420HD`. */
  readonly type: string
  readonly description: string
  /** The name of the shared file, as the private part includes it. */
  readonly globalName: string
  readonly global: string
  readonly private: string
}

/** Characters; far more than a template has. */
const LONGEST_XML = 2 * 2 ** 20

/** Reads one; or says what is wrong with it. */
export function readTemplateXml(text: string): TemplateXml | { readonly reason: string } {
  if (text.length > LONGEST_XML) return { reason: 'the file is longer than a template can be' }
  // Entities of its own could grow without end; no template has any.
  if (/<!DOCTYPE/i.test(text)) return { reason: 'the file declares a document type, which no template does' }
  const faults: string[] = []
  const parser = new DOMParser({ onError: (level, message) => void (level !== 'warning' && faults.push(message)) })
  try {
    const { documentElement: root } = parser.parseFromString(text.replace(/^\uFEFF/, ''), 'text/xml')
    if (faults.length > 0) return { reason: `the file is no XML: ${faults[0]?.slice(0, 200)}` }
    if (!root || !/^ipphonet[ae]mplate$/i.test(root.tagName)) return { reason: 'the file holds no ipphonetamplate' }
    const files = Array.from(root.getElementsByTagName('file_config'), (element) => ({
      kind: textOf(element, 'type').trim(),
      name: textOf(element, 'name').trim(),
      data: textOf(element, 'data'),
    }))
    const global = files.find(({ kind }) => kind === 'global_file')
    const own = files.find(({ kind }) => kind === 'file')
    if (!own) return { reason: 'the template has no file for a phone' }
    return {
      type: textOf(root, 'type').trim(),
      description: textOf(root, 'description').trim(),
      globalName: global?.name ?? '',
      global: global?.data ?? '',
      private: own.data,
    }
  } catch (error) {
    if (error instanceof ParseError) return { reason: `the file is no XML: ${error.message.slice(0, 200)}` }
    throw error
  }
}

/** Writes one in the same shape. */
export function writeTemplateXml({ type, description, globalName, global, private: own }: TemplateXml): string {
  const file = (kind: string, profile: string, name: string, data: string) =>
    [
      '  <file_config>',
      `    <type>${kind}</type>`,
      `    <profile>${profile}</profile>`,
      '    <encrypt_mode>0</encrypt_mode>',
      `    <name>${escaped(name)}</name>`,
      '    <destinationDir>%ITCS_destination%</destinationDir>',
      `    <data>${cdata(data)}</data>`,
      '  </file_config>',
    ].join('\n')
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<ipphonetamplate>',
    `  <type>${escaped(type)}</type>`,
    `  <description>${escaped(description)}</description>`,
    file('global_file', 'global', globalName, global),
    file('file', 'user', '%ITCS_mac%.cfg', own),
    '</ipphonetamplate>',
    '',
  ].join('\n')
}

interface XmlElement {
  readonly childNodes: Iterable<{ readonly nodeName: string; readonly textContent: string | null }>
  getAttribute(name: string): string | null
}

/** What an element says of itself: in an element of this name right in it, or in an attribute. */
function textOf(element: XmlElement, name: string): string {
  for (const { nodeName, textContent } of element.childNodes) if (nodeName === name) return textContent ?? ''
  return element.getAttribute(name) ?? ''
}

function cdata(text: string): string {
  return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
