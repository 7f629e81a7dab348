// What is laid on top of the conversation, as it is at first.
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Step } from './happening.ts'
import type { ChatState } from './state.ts'
import { boxWith, EMPTY_BOX } from './text-box.ts'

export function openKeys(state: ChatState): Step {
  return [{ ...state, layer: { type: 'keys' } }, []]
}

export function openPalette(state: ChatState, text: string): Step {
  const query = text.trim()
  const layer = { type: 'palette' as const, box: boxWith(text), chosen: 0, found: [], failed: undefined }
  return [{ ...state, layer }, query === '' ? [] : [{ type: 'find', query }]]
}

export function openSearch(state: ChatState, isEverywhere: boolean): Step {
  const layer = {
    type: 'search' as const,
    box: EMPTY_BOX,
    chosen: 0,
    isEverywhere,
    hits: [],
    answered: undefined,
    failed: undefined,
    next: undefined,
  }
  return [{ ...state, layer }, []]
}

export function openWhy(state: ChatState, id: string): Step {
  return [{ ...state, layer: { type: 'why', id, why: undefined, from: 0 } }, [{ type: 'why', id }]]
}

export function openNickname(state: ChatState): Step {
  const { open, contacts } = state
  if (open === undefined) return [state, []]
  const box = boxWith(contacts.get(open.account)?.nickname ?? '')
  return [{ ...state, layer: { type: 'nickname', partner: open, box } }, []]
}

/** It is asked about first; unblocking is not. */
export function openBlock(state: ChatState): Step {
  const { open } = state
  return open === undefined ? [state, []] : [{ ...state, layer: { type: 'block', partner: open } }, []]
}

export function openReact(state: ChatState, message: MessageView): Step {
  return [{ ...state, layer: { type: 'react', message, box: EMPTY_BOX, chosen: 0 } }, []]
}

export function openTrust(state: ChatState): Step {
  const { open } = state
  if (open === undefined) return [state, []]
  const layer = { type: 'trust' as const, partner: open, safety: undefined, change: undefined, isAsking: false }
  return [{ ...state, layer }, [{ type: 'trust', account: open.account }]]
}
