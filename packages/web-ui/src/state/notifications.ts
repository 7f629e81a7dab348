// What the system shows while nobody looks at the page. Asked for by a click in the settings, and for this browser only.
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { signal } from '@preact/signals'
import { plainLine } from '#text/markdown.ts'

const KEY = 'parley-notifications'
const MAX_SHOWN_CHARS = 200

/** `denied`: the browser has been told never to ask. */
export const notifications = signal<'on' | 'off' | 'denied' | 'unsupported'>(asItIs())

function asItIs(): 'on' | 'off' | 'denied' | 'unsupported' {
  if (!('Notification' in globalThis)) return 'unsupported'
  if (Notification.permission === 'denied') return 'denied'
  return Notification.permission === 'granted' && localStorage.getItem(KEY) === 'on' ? 'on' : 'off'
}

export async function turnNotifications(to: 'on' | 'off'): Promise<void> {
  if (to === 'on' && Notification.permission !== 'granted') await Notification.requestPermission()
  localStorage.setItem(KEY, to)
  notifications.value = asItIs()
}

/** One for each person: a later message takes the place of the one before, whichever tab shows it. */
export function announce({ account, with: name, kind, text }: MessageView, open: () => void): void {
  if (notifications.value !== 'on' || kind !== 'text') return
  const body = plainLine(text.slice(0, MAX_SHOWN_CHARS))
  const shown = new Notification(name, { body, tag: account, icon: '/icon-192.png' })
  shown.onclick = () => {
    focus()
    open()
    shown.close()
  }
}

/** On the icon of the installed app, where there is one. */
export function showBadge(count: number): void {
  // Where it is not allowed nobody is told: the title of the page says the same.
  navigator.setAppBadge?.(count).catch(() => undefined)
}
