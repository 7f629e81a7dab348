import type { Daemon } from '#state/daemon.ts'
import { step } from '#state/navigation.ts'
import { isDetailsOpen, overlay, partner, search } from '#state/store.ts'

/** The keys that work everywhere; what is returned takes them away again. */
export function listenForKeys(daemon: Daemon): () => void {
  const onKey = (event: KeyboardEvent) => {
    const isCommand = event.ctrlKey || event.metaKey
    const key = event.key.toLowerCase()
    if (isCommand && key === 'k') {
      overlay.value = overlay.value?.type === 'palette' ? undefined : { type: 'palette' }
    } else if (isCommand && key === 'f') {
      const within = event.shiftKey ? undefined : partner.value
      search.value = { query: search.value.query, within }
      document.getElementById('search')?.focus()
    } else if (event.altKey && (key === 'arrowup' || key === 'arrowdown')) {
      step(daemon, key === 'arrowup' ? -1 : 1)
    } else if (key === '?' && !isTyping(event.target)) {
      overlay.value = { type: 'keys' }
    } else if (key === 'escape' && overlay.value === undefined && isDetailsOpen.value) {
      isDetailsOpen.value = false
    } else {
      return
    }
    event.preventDefault()
  }
  addEventListener('keydown', onKey)
  return () => removeEventListener('keydown', onKey)
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement
}
