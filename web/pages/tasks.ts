// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { type NoExtras, sessionOf, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import { Problem } from '#web/http/problem'
import { goOn } from '#web/kit/flash'
import type { Task, TaskOrder, Tasks } from '#web/kit/tasks'
import type { Fragments } from '#web/live/fragments'
import type { Views } from '#web/views'
import { showMessage } from './message.ts'
import { showPage } from './shell.ts'

/** Work that ends within this time, in milliseconds, shows its result at once. */
const PATIENCE = 700
/** Seconds between two looks without scripts. */
const REFRESH = 2

/** `GET /tasks/<id>`: how far a task is; once it has ended, its result. */
export function taskRoutes(web: Web): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get('/tasks/:id', (ctx) => {
    const task = web.tasks.get(ctx.params.id ?? '')
    if (!task) {
      const sentence = 'Nothing is known of this task: it ended long ago, or the server was started anew.'
      return showMessage(web, ctx, 404, { title: 'Task not found', sentence })
    }
    if (task.end?.kind === 'done') return goOn(web, ctx, task.end.href)
    showPage(web, ctx, {
      view: 'task',
      title: task.title,
      events: `/events?show=trouble,task&item=${task.id}`,
      ...(task.end ? {} : { refresh: REFRESH }),
      data: { head: { title: task.title, live: true }, task: taskHtml(web.tasks, web.views, task.id) },
    })
  })
  return router
}

export function taskFragments(tasks: Tasks, views: Views): Fragments {
  return { task: { scope: 'item', render: (id) => taskHtml(tasks, views, id) } }
}

/**
 * Starts work that may take long, and answers with its result if it does not, else with the page of its progress.
 * `section` is not needed there: a task belongs to whoever waits for it.
 */
export async function startTask(web: Web, ctx: WebContext, order: Omit<TaskOrder, 'owner'>): Promise<void> {
  const id = web.tasks.start({ ...order, owner: sessionOf(ctx).account.name })
  if (id === undefined) throw new Problem(503, 'Other long tasks are at work. Try again when one has ended.')
  const task = await web.tasks.settled(id, PATIENCE)
  goOn(web, ctx, task?.end?.kind === 'done' ? task.end.href : `/tasks/${id}`)
}

function taskHtml(tasks: Tasks, views: Views, id: string): string {
  const task = tasks.get(id)
  return task ? views.render('fragments/task', { ...task, ...progressOf(task) }) : ''
}

function progressOf({ done, whole, end }: Task): object {
  const known = whole > 0
  return {
    known: known && !end,
    words: known ? `${count(done)} of ${count(whole)}` : done > 0 ? `${count(done)} so far` : 'Working',
    announce: end ? end.sentence : known ? `${Math.floor((done / whole) * 10) * 10} percent done` : '',
  }
}
