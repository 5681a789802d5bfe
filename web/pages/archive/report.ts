// SPDX-License-Identifier: Apache-2.0
import { count } from '#web/format'
import { table } from '#web/kit/table'
import type { ArchiveRefused, ArchiveReport, ParityDifference, ParityReport } from '#web/ports/archive'

/** An archive between its dry run and its import. */
export interface Draft {
  readonly name: string
  /** Let go once it is imported. */
  readonly bytes: Uint8Array
  readonly report: ArchiveReport | ArchiveRefused
  readonly state: 'tried' | 'applying' | 'done'
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** Rows that a page shows. */
const MOST_ROWS = 200

/** What an import would do, or has done. */
export function reportView({ state, report }: Draft): object {
  if ('kind' in report) return { verdict: { tone: 'bad', text: report.reason }, done: false }
  const { people, remarks, parity } = report
  const rejected = remarks.filter(({ kind }) => kind === 'rejected').length + (people?.rejected.length ?? 0)
  const parts = [
    report.scopes,
    report.templates,
    report.mapping,
    report.settings,
    report.firmware,
    people?.users,
    people?.devices,
  ]
  const work = parts.reduce((sum, tally) => sum + (tally ? tally.added + tally.changed : 0), 0)
  const rows = [
    ...tallyRow('Regions and sites', report.scopes),
    ...tallyRow('Templates', report.templates),
    ...tallyRow('Mapping', report.mapping),
    ...tallyRow('Settings', report.settings),
    ...tallyRow('Firmware choices', report.firmware),
    ...(people ? [...tallyRow('Users', people.users), ...tallyRow('Devices', people.devices)] : []),
  ]
  const told = [
    ...remarks.map(({ kind, file, line, message }) => ({
      cells: [kind === 'rejected' ? 'Left out' : 'Note', line ? `${file}, line ${count(line)}` : file, message],
    })),
    ...(people?.rejected ?? []).map(({ line, reason }) => ({
      cells: ['Left out', `users, line ${count(line)}`, reason],
    })),
  ]
  const columns = [
    { label: 'What' },
    { label: 'New', kind: 'number' },
    { label: 'Changed', kind: 'number' },
    { label: 'As it was', kind: 'number' },
  ] as const
  return {
    verdict: verdictOf(state, work, rejected),
    tallies: table('What the archive holds', columns, rows),
    remarks:
      told.length > 0
        ? table('Remarks', [{ label: 'Kind' }, { label: 'Where' }, { label: 'Why' }], told.slice(0, MOST_ROWS))
        : undefined,
    more: told.length > MOST_ROWS ? `and ${count(told.length - MOST_ROWS)} more` : '',
    parity: parity && parityView(parity),
    done: state === 'done',
  }
}

function tallyRow(label: string, tally: ArchiveReport['scopes']): { cells: string[] }[] {
  return [{ cells: [label, count(tally.added), count(tally.changed), count(tally.unchanged)] }]
}

function verdictOf(state: Draft['state'], work: number, rejected: number): { tone: string; text: string } {
  if (state === 'applying') return { tone: 'info', text: 'It is being imported just now.' }
  if (state === 'done') return { tone: 'ok', text: 'Imported. Phones get their new files when they ask.' }
  if (work > 0) return { tone: 'info', text: 'Nothing is changed yet. This is what would happen.' }
  if (rejected > 0) return { tone: 'bad', text: 'There is nothing to import: see below why.' }
  return { tone: 'idle', text: 'There is nothing to import: everything is as the archive says.' }
}

const WORDS: Readonly<Record<ParityDifference['kind'], string>> = {
  different: 'Different',
  'only theirs': 'Only there',
  'only ours': 'Only here',
  expected: 'As it should be',
}

function parityView({ compared, same, differing, without, differences, untold }: ParityReport): object {
  const rows = differences.slice(0, MOST_ROWS).map(({ kind, key, theirs, ours, why, phones, example }) => ({
    cells: [
      WORDS[kind],
      { lines: [key], mono: true },
      { lines: [theirs || '–'], mono: true },
      { lines: [ours || '–'], mono: true },
      why,
      { text: count(phones), href: `/devices/${example}` },
    ],
  }))
  const more = differences.length - rows.length + untold
  const columns = ['Kind', 'Setting', 'There', 'Here', 'Why', 'Phones'].map((label) => ({ label }))
  const none = without.slice(0, MOST_ROWS).map(({ mac, reason }) => ({ cells: [{ lines: [mac], mono: true }, reason] }))
  return {
    sentence: `${count(compared)} files of phones were compared: ${count(same)} say the same, ${count(differing)} differ, ${count(without.length)} phones would get no file here.`,
    differences: rows.length > 0 ? table('Differences', columns, rows) : undefined,
    more: more > 0 ? `and ${count(more)} more` : '',
    without: none.length > 0 ? table('No file', [{ label: 'Phone' }, { label: 'Why' }], none) : undefined,
  }
}
