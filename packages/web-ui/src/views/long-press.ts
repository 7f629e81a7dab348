// Where nothing hovers a finger that rests on a message brings up what can be done with it.

const LONG_MS = 450

/** The focus in the bar is what shows it; a tap elsewhere takes it away. */
export function showActionsOnLongPress(event: PointerEvent): void {
  const { currentTarget: bubble, pointerType } = event
  if (pointerType !== 'touch' || !(bubble instanceof HTMLElement)) return
  const over = new AbortController()
  const timer = setTimeout(() => {
    over.abort()
    bubble.closest('.message')?.querySelector<HTMLElement>('.actions button')?.focus()
  }, LONG_MS)
  const stop = () => {
    clearTimeout(timer)
    over.abort()
  }
  for (const type of ['pointerup', 'pointercancel', 'pointermove'] as const)
    addEventListener(type, stop, { signal: over.signal, once: true })
}
