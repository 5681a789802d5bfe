// SPDX-License-Identifier: Apache-2.0
import type { ExplainedOption, Explanation } from '#daemon/domain/dhcp/explanation'
import { finding, sentences } from '#daemon/domain/dhcp/sentences'
import { optionName } from '#protocols/lib/dhcp-option'
import type { Web } from '#web/context'
import type { Badge, Fact } from '#web/kit/cell'
import { type Row, table } from '#web/kit/table'

/** One exchange laid open, for `views/dhcp/explanation`: the record of the evaluation, in tables and in sentences. */
export function explanationView({ port, time }: Web, explanation: Explanation): object {
  const { at, asked, packet, classes, sent, missing, unasked, overridden } = explanation
  const moment = at === undefined ? undefined : time.moment(at, port.now())
  return {
    title: `${asked.kind.toUpperCase()}${moment ? ` at ${moment.exact}` : ''}`,
    badge: badgeOf(explanation),
    verdict: verdictText(explanation),
    facts: factsOf(explanation),
    classes: table(
      'Classes',
      [{ label: 'Class' }, { label: 'Is in it' }, { label: 'Because' }],
      classes.map(({ name, member, because }): Row => {
        const is: Badge = member ? { badge: 'Yes', tone: 'ok' } : { badge: 'No', tone: 'idle' }
        return { cells: [{ text: name, strong: true }, is, finding(because)] }
      }),
    ),
    sent: optionTable('Options sent', sent),
    missing: table(
      'Asked for and not sent',
      [{ label: 'Option' }, { label: 'Why' }],
      missing.map(({ code, name, reason }): Row => ({ cells: [`${code} ${name}`, reason] })),
    ),
    unasked: optionTable('Set, but not asked for', unasked),
    overridden: table(
      'Replaced by a stronger layer',
      [{ label: 'Option' }, { label: 'Value of' }, { label: 'Replaced by' }],
      overridden.map(({ code, source, by }): Row => ({ cells: [`${code} ${optionName(code)}`, source, by] })),
    ),
    packet: packet?.replaceAll(/(.{2})/g, '$1 ').trimEnd(),
    sentences: sentences(explanation),
  }
}

function optionTable(caption: string, options: readonly ExplainedOption[]): object {
  const columns = [{ label: 'Option' }, { label: 'Value' }, { label: 'From' }]
  return table(
    caption,
    columns,
    options.map(({ code, name, value, source }): Row => ({ cells: [`${code} ${name}`, { code: value }, source] })),
  )
}

function badgeOf({ verdict, at }: Explanation): Badge {
  if (verdict.kind === 'nak') return { badge: 'Refused', tone: 'warn' }
  if (verdict.kind === 'silent') return { badge: 'No answer', tone: 'idle' }
  return { badge: at === undefined ? 'Would be answered' : 'Answered', tone: 'ok' }
}

function verdictText({ verdict, at }: Explanation): string {
  const would = at === undefined ? 'It would get' : 'It got'
  if (verdict.kind !== 'lease') return `${verdict.kind === 'nak' ? 'Refused' : 'No answer'}: ${verdict.reason}.`
  const { address, leaseSeconds } = verdict
  if (address === undefined) return `${would} options and no address.`
  return `${would} ${address}${leaseSeconds === undefined ? '' : ` for ${leaseSeconds} seconds`}.`
}

function factsOf({ asked, subnet, model, pool, reservation }: Explanation): Fact[] {
  const mono = (text: string | undefined) => ({ text: text ?? '', mono: true })
  const wanted = asked.wanted.map((code) => `${code} ${optionName(code)}`).join(', ')
  return [
    { label: 'Subnet', cell: { text: subnet ?? 'none of ours', note: `by ${asked.link ?? 'our own link'}` } },
    { label: 'Phone', cell: model === undefined ? 'no phone of ours' : model === '' ? 'of unknown model' : model },
    { label: 'Pool', cell: mono(pool) },
    { label: 'Reservation', cell: mono(reservation) },
    { label: 'Asked for address', cell: mono(asked.address) },
    { label: 'Option 60 (class)', cell: mono(asked.vendorClass) },
    { label: 'Option 77 (user class)', cell: mono(asked.userClass) },
    { label: 'Relay circuit', cell: mono(asked.circuitId && `0x${asked.circuitId}`) },
    { label: 'Relay remote id', cell: mono(asked.remoteId && `0x${asked.remoteId}`) },
    { label: 'Client key', cell: mono(asked.clientKey) },
    { label: 'Asked for options', cell: wanted || 'no list: everything' },
  ]
}
