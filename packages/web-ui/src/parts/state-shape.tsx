// The state of a message as a small shape: told apart without colour, without a legend.
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { words } from '#words/words.ts'

type Shown = keyof typeof words.states

/** Undefined for what others wrote. */
export function shownState({ state, hold }: MessageView): Shown | undefined {
  if (state === undefined) return undefined
  return hold !== undefined && (state === 'queued' || state === 'sent') ? 'on-hold' : state
}

const SHAPES: Readonly<Record<Shown, string>> = {
  queued: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM8 5v3.2l2 1.4',
  sent: 'M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Z',
  delivered: 'm2.8 8.6 3.4 3.4 7-7.8',
  read: 'm5 8.3 2.2 2.2 4-4.6',
  cancelled: 'm4.5 4.5 7 7m0-7-7 7',
  expired: 'm4.5 4.5 7 7m0-7-7 7',
  refused: 'm4.5 4.5 7 7m0-7-7 7',
  'on-hold': 'M5.8 4v8m4.4-8v8',
}

export function StateShape({ state }: { state: Shown }) {
  return (
    <svg class={`state state-${state}`} width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {state === 'read' && <circle cx="8" cy="8" r="6.5" />}
      <path d={SHAPES[state]} />
    </svg>
  )
}
