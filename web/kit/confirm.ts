// SPDX-License-Identifier: Apache-2.0
import type { Web, WebContext } from '#web/context'
import { type SectionId, showPage } from '#web/pages/shell'
import type { Head } from './cell.ts'
import { form } from './form.ts'

export interface Question {
  readonly section: SectionId
  /** `Remove Anna Arnold?` */
  readonly title: string
  /** What will happen, and whether it can be undone. */
  readonly sentence: string
  /** What it touches, one line each. */
  readonly touches?: readonly string[]
  /** On the button: `Remove contact`. */
  readonly act: string
  /** Where the answer is posted to; this page's own path unless told. */
  readonly action?: string
  readonly hidden?: Readonly<Record<string, string>>
  /** Where those go who do not want it. */
  readonly cancel: string
  readonly trail?: Head['trail']
}

/** A page that asks before something is destroyed; the POST of its form does it. */
export function showQuestion(web: Web, ctx: WebContext, question: Question): void {
  const { section, title, sentence, touches = [], act, action = ctx.path, hidden = {}, cancel, trail } = question
  showPage(web, ctx, {
    view: 'kit/confirm',
    title,
    section,
    data: {
      head: { title, ...(trail && { trail }) },
      sentence,
      touches,
      form: form(web, ctx, { action, sections: [], hidden, submit: act, look: 'danger', cancel }),
    },
  })
}
