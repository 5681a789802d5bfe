// SPDX-License-Identifier: Apache-2.0
// Keeps an open page up to date: swaps elements that the server sends, by their ids. Without it every page still works.

/** At most one refetch of the list and one announcement in this time, in milliseconds. */
const PAUSE = 3000
/** The same for lists of alarms. */
const SHORT_PAUSE = 1000

const sign = document.getElementById('live-sign')
const announcer = document.getElementById('announcer')
/** @type {Map<string, string>} what to tell screen readers next, by element */
const news = new Map()
/** @type {{ source?: EventSource, address?: string, telling?: number, refetching?: number, retrying?: number }} */
const live = {}

/** @param {'on' | 'lost' | 'off'} state */
function show(state) {
  if (!sign) return
  sign.dataset.state = state
  sign.lastElementChild.textContent = { on: 'Live', lost: 'Reconnecting', off: 'Not live' }[state]
}

/** Follows what the page shows now; not while its tab is hidden, since browsers allow six connections to a host. */
function connect() {
  const address = document.hidden ? undefined : document.querySelector('[data-events]')?.dataset.events
  if (address && address === live.address && live.source?.readyState !== EventSource.CLOSED) return
  live.source?.close()
  live.address = address
  if (!address) return show('off')
  const source = new EventSource(address)
  live.source = source
  source.addEventListener('open', () => show('on'))
  source.addEventListener('swap', (event) => JSON.parse(event.data).forEach(swap))
  source.addEventListener('signed-out', signIn)
  source.addEventListener('error', () => {
    show('lost')
    // Closed means refused: no session any more, or no room. EventSource does not tell which.
    if (source.readyState === EventSource.CLOSED) live.retrying ??= setTimeout(retry, PAUSE)
  })
}

async function retry() {
  live.retrying = undefined
  const answer = await fetch('/api/v1/session', { headers: { 'X-Background': '1' } }).catch(() => undefined)
  if (answer?.status === 401) signIn()
  else connect()
}

function signIn() {
  live.source?.close()
  const query = new URLSearchParams({ next: location.pathname + location.search, why: 'ended' })
  location.assign(`/sign-in?${query}`)
}

/** @param {string} html a fragment: elements with ids, each to take the place of its namesake */
function swap(html) {
  const template = document.createElement('template')
  template.innerHTML = html
  for (const fresh of [...template.content.children]) {
    const old = document.getElementById(fresh.id)
    if (!old || old.isEqualNode(fresh)) continue
    if (old.dataset.mark !== fresh.dataset.mark) fresh.classList.add('fresh')
    if (old.dataset.announce !== fresh.dataset.announce) tell(fresh)
    if (fresh.id.startsWith('count-') && old.closest('[aria-current]') && old.textContent !== fresh.textContent)
      refetch('#device-list', PAUSE)
    if (old.dataset.pulse !== fresh.dataset.pulse) refetch('[hx-trigger=stale]', SHORT_PAUSE)
    for (const { id } of old.querySelectorAll('details[open]')) fresh.querySelector(`#${id}`)?.setAttribute('open', '')
    const focused = old.contains(document.activeElement) ? document.activeElement.id : ''
    old.replaceWith(fresh)
    if (fresh.dataset.forward) location.replace(fresh.dataset.forward)
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true })
  }
}

/** What is shown has become old: ask for it again. */
function refetch(selector, pause) {
  live.refetching ??= setTimeout(() => {
    live.refetching = undefined
    const stale = document.querySelector(selector)
    if (stale) window.htmx.trigger(stale, 'stale')
  }, pause)
}

/** @param {HTMLElement | null} element whose news is for screen readers too */
function tell(element) {
  if (!element?.dataset.announce) return
  news.set(element.id, element.dataset.announce)
  live.telling ??= setTimeout(() => {
    live.telling = undefined
    announcer.textContent = [...news.values()].join('. ')
    news.clear()
  }, PAUSE)
}

/** Hides the fields that another field of their form makes useless. */
function showUsedFields() {
  for (const field of document.querySelectorAll('[data-when]')) {
    const other = field.closest('form').elements.namedItem(field.dataset.when)
    field.hidden = Boolean(other) && !field.dataset.whenIs.split(' ').includes(other.value)
  }
}

document.addEventListener('change', showUsedFields)
showUsedFields()

document.addEventListener('visibilitychange', connect)
// Signing out ends the stream too: that is no news to the page that does it.
document.addEventListener('submit', ({ target }) => {
  if (target.method === 'post') live.source?.close()
})
document.body.addEventListener('htmx:afterSettle', () => {
  tell(document.getElementById('device-list') ?? document.getElementById('list'))
  connect()
})
connect()

// Buttons that copy a text of the page; without scripts they stay hidden, and the text can be marked by hand.
for (const button of document.querySelectorAll('button[data-copy]')) {
  button.hidden = false
  button.addEventListener('click', async () => {
    const text = document.getElementById(button.dataset.copy)
    getSelection().selectAllChildren(text)
    // Browsers offer the clipboard itself on safe connections only; there is an older way for the others.
    const done = navigator.clipboard
      ? await navigator.clipboard.writeText(text.textContent).then(
          () => true,
          () => false,
        )
      : document.execCommand('copy')
    button.textContent = done ? 'Copied' : 'Marked: copy it by keyboard'
    announcer.textContent = button.textContent
  })
}

/**
 * Sends a form with a large file and says how far it is; without scripts the browser does so in its own way.
 * @param {HTMLFormElement} form
 */
function sendWithProgress(form) {
  const button = form.querySelector('button[type=submit]')
  const box = document.createElement('p')
  const bar = document.createElement('progress')
  const words = document.createElement('span')
  box.className = 'upload-progress'
  box.append(bar, words)
  bar.setAttribute('aria-label', 'Sent')
  const request = new XMLHttpRequest()
  const stop = (text) => {
    box.remove()
    button.disabled = false
    announcer.textContent = text
  }
  request.upload.addEventListener('progress', ({ loaded, total }) => {
    bar.max = total
    bar.value = loaded
    const share = Math.floor((100 * loaded) / total)
    words.textContent = share < 100 ? `${share} % sent` : 'Sent. It is being looked at …'
    if (share % 25 === 0) announcer.textContent = words.textContent
  })
  request.addEventListener('load', () => {
    const next = request.getResponseHeader('X-Go-On')
    if (next) return location.assign(next)
    stop('The file was not taken.')
    const page = new DOMParser().parseFromString(request.responseText, 'text/html')
    const main = page.getElementById('main')
    if (!main) return location.reload()
    document.getElementById('main').replaceWith(main)
    followUploads()
    showUsedFields()
    main.querySelector('[autofocus]')?.focus()
  })
  request.addEventListener('error', () => {
    stop('')
    words.textContent = 'The connection was lost before all of it was sent. Nothing was kept; try again.'
    box.className = 'upload-progress field-error'
    box.replaceChildren(words)
    button.before(box)
  })
  request.open('POST', form.action)
  request.setRequestHeader('X-Upload', '1')
  request.send(new FormData(form))
  for (const old of form.querySelectorAll('.upload-progress')) old.remove()
  button.disabled = true
  button.before(box)
}

function followUploads() {
  for (const form of document.querySelectorAll('form[data-progress]')) {
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      sendWithProgress(form)
    })
  }
}
followUploads()

/** Keeps the numbers beside a text that is edited, and leads from what was found to its line. */
function followEditors() {
  for (const editor of document.querySelectorAll('[data-editor]')) {
    const text = editor.querySelector('textarea')
    const numbers = editor.querySelector('pre')
    text.addEventListener('input', () => {
      const lines = text.value.split('\n').length
      text.rows = Math.max(6, lines + 1)
      numbers.textContent = Array.from({ length: lines }, (_, index) => index + 1).join('\n')
    })
  }
  for (const link of document.querySelectorAll('a[data-line]')) {
    link.addEventListener('click', (event) => {
      const text = document.getElementById(link.hash.slice(1))
      if (!text) return
      event.preventDefault()
      const before = text.value.split('\n', Number(link.dataset.line))
      const end = before.join('\n').length
      text.focus({ preventScroll: true })
      text.setSelectionRange(end - (before.at(-1) ?? '').length, end)
      const height = text.scrollHeight / text.rows
      const top = text.getBoundingClientRect().top + (before.length - 1) * height
      scrollBy({ top: top - innerHeight / 3 })
    })
  }
}
followEditors()
