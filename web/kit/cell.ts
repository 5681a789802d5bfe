// SPDX-License-Identifier: Apache-2.0
import type { Moment } from '#web/format'
import type { Tone } from '#web/pages/presence'

/** A word with a colour and an icon that say the same. */
export interface Badge {
  readonly badge: string
  readonly tone: Tone
}

/** What stands in a table's cell or behind a term of a list; rendered by `views/kit/cell`. */
export type Cell =
  | string
  | {
      readonly text: string
      /** A path of this site. */
      readonly href?: string
      /** Said after it, quietly. */
      readonly note?: string
      readonly mono?: boolean
      readonly strong?: boolean
    }
  | Badge
  | { readonly moment: Moment }
  /** One below the other. */
  | { readonly lines: readonly string[]; readonly mono?: boolean }
  | { readonly code: string }
  /** HTML that a template of ours made. */
  | { readonly html: string }

/** A link or button that does something with a page or a row. */
export interface Action {
  readonly label: string
  readonly href: string
  /** Read out after the label, where the same label stands in every row. */
  readonly of?: string
  readonly icon?: string
  readonly look?: 'primary' | 'danger'
  /** Posts a form with this token instead of following a link. */
  readonly csrf?: string
}

/** The top of a page: title, ways back, what can be done here. For `views/kit/head`. */
export interface Head {
  readonly title: string
  /** One sentence below the title. */
  readonly lead?: string
  readonly trail?: readonly { readonly label: string; readonly href: string }[]
  readonly actions?: readonly Action[]
  readonly badge?: Badge
  /** The page follows the event stream. */
  readonly live?: boolean
}

/** Pages that belong together; for `views/kit/tabs`. */
export interface Tab {
  readonly label: string
  readonly href: string
  readonly current: boolean
  /** As shown, e.g. `1,204`. */
  readonly count?: string
}

/** Nothing is here: why, and what to do about it. For `views/kit/empty`. */
export interface Empty {
  readonly title: string
  readonly sentence: string
  readonly icon?: string
  readonly actions?: readonly Action[]
}

/** For `views/kit/facts`; facts with an empty text are left out. */
export interface Fact {
  readonly label: string
  readonly cell: Cell
}
