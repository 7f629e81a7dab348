// What keys do to what lies on top. Esc always closes it.
import { edited } from './box-keys.ts'
import type { Choice } from './choices.ts'
import { choicesOf } from './choices.ts'
import type { Key, Step, Wish } from './happening.ts'
import { onGlobalKey } from './keys.ts'
import type { Look } from './lines.ts'
import { goTo, openPartner } from './moves.ts'
import { openBlock, openKeys, openNickname, openSearch, openTrust } from './openings.ts'
import { reactionsFor } from './reactions.ts'
import { type ChatState, type Layer, withBox } from './state.ts'
import { boxWith, insert, type TextBox } from './text-box.ts'

type Of<T extends Layer['type']> = Extract<Layer, { type: T }>

const MAX_QUERY_CHARS = 64
/** The hits at the end of a page are the sign to ask for the next. */
const NEAR_END = 3

export function onLayerKey(state: ChatState, key: Key, look: Look): Step {
  if (key.name === 'escape') return [{ ...state, layer: undefined }, []]
  const global = onGlobalKey(state, key)
  if (global !== undefined) return global
  const { layer } = state
  switch (layer?.type) {
    case 'palette':
      return onPaletteKey(state, layer, key)
    case 'search':
      return onSearchKey(state, layer, key, look)
    case 'react':
      return onReactKey(state, layer, key)
    case 'nickname':
      return onNicknameKey(state, layer, key)
    case 'why':
      return onWhyKey(state, layer, key)
    case 'keys':
    case 'block':
    case 'delete':
    case 'trust':
      return key.name === 'enter' && layer.type === 'keys' ? [{ ...state, layer: undefined }, []] : [state, []]
    case undefined:
      return [state, []]
  }
}

export function onLayerText(state: ChatState, text: string): Step {
  const { layer } = state
  switch (layer?.type) {
    case 'nickname':
      return [{ ...state, layer: { ...layer, box: cut(insert(layer.box, text.replaceAll(/\s+/g, ' '))) } }, []]
    case 'react':
      return typedEmoji(state, layer, insert(layer.box, text.replaceAll(/\s+/g, ' ')))
    case 'palette':
    case 'search':
      return typed(state, layer, insert(layer.box, text.replaceAll(/\s+/g, ' ')))
    case 'keys': {
      const closed = { ...state, layer: undefined }
      // Whoever wants to write one presses it twice.
      return [text === '?' && state.focus === 'box' ? withBox(closed, boxWith('?')) : closed, []]
    }
    case 'block': {
      const { account } = layer.partner
      return [{ ...state, layer: undefined }, text === 'y' ? [{ type: 'block', account, isBlocked: true }] : []]
    }
    case 'delete':
      if (text !== 'y') return [{ ...state, layer: undefined }, []]
      return [{ ...state, layer: undefined }, [{ type: layer.isHereOnly ? 'hide' : 'remove', id: layer.message.id }]]
    case 'trust':
      return onTrustLetter(state, layer, text)
    case 'why':
    case undefined:
      return [state, []]
  }
}

function typed(state: ChatState, layer: Of<'palette' | 'search'>, box: TextBox): Step {
  const next = { ...layer, box: cut(box), chosen: 0 }
  const isSame = next.box.text.trim() === layer.box.text.trim()
  if (isSame) return [{ ...state, layer: next }, []]
  return [{ ...state, layer: { ...next, failed: undefined } }, asking(state, next)]
}

function cut({ text, at }: TextBox): TextBox {
  const short = text.slice(0, MAX_QUERY_CHARS)
  return { text: short, at: Math.min(at, short.length) }
}

function asking(state: ChatState, layer: Of<'palette' | 'search'>): Wish[] {
  const query = layer.box.text.trim()
  if (query === '') return []
  if (layer.type === 'palette') return state.status?.directory.state === 'none' ? [] : [{ type: 'find', query }]
  return [{ type: 'search', query, account: layer.isEverywhere ? undefined : state.open?.account }]
}

function onPaletteKey(state: ChatState, layer: Of<'palette'>, key: Key): Step {
  const choices = choicesOf(state, layer)
  const chosen = Math.min(layer.chosen, choices.length - 1)
  switch (key.name) {
    case 'up':
    case 'down':
      return [{ ...state, layer: { ...layer, chosen: stepped(chosen, key.name, choices.length) } }, []]
    case 'enter':
      if (choices.length > 0 || layer.failed === undefined) return choose(state, choices[chosen])
      return [{ ...state, layer: { ...layer, failed: undefined } }, asking(state, layer)]
    default: {
      const box = edited(layer.box, key)
      return box === undefined ? [state, []] : typed(state, layer, box)
    }
  }
}

/** To the next or the one before, and from the end to the beginning. */
function stepped(chosen: number, name: 'up' | 'down', count: number): number {
  return (chosen + (name === 'up' ? -1 : 1) + count) % Math.max(1, count)
}

function choose(state: ChatState, choice: Choice | undefined): Step {
  if (choice === undefined) return [state, []]
  const closed = { ...state, layer: undefined }
  const { open } = state
  if (choice.type !== 'action') return openPartner(closed, choice.partner)
  switch (choice.action) {
    case 'search':
      return openSearch(closed, false)
    case 'search-everywhere':
      return openSearch(closed, true)
    case 'trust':
      return openTrust(closed)
    case 'nickname':
      return openNickname(closed)
    case 'block':
      return openBlock(closed)
    case 'unblock':
      return open === undefined ? [closed, []] : [closed, [{ type: 'block', account: open.account, isBlocked: false }]]
    case 'keys':
      return openKeys(closed)
    case 'quit':
      return [closed, [{ type: 'quit' }]]
  }
}

function onSearchKey(state: ChatState, layer: Of<'search'>, key: Key, look: Look): Step {
  const { hits, next, box } = layer
  switch (key.name) {
    case 'up':
    case 'down': {
      const chosen = Math.max(0, Math.min(hits.length - 1, layer.chosen + (key.name === 'up' ? -1 : 1)))
      const query = box.text.trim()
      const account = layer.isEverywhere ? undefined : state.open?.account
      const isNearEnd = chosen >= hits.length - NEAR_END && next !== undefined
      // Asked for once: the answer brings the next place, or none.
      const asked = { ...layer, chosen, next: isNearEnd ? undefined : next }
      return [{ ...state, layer: asked }, isNearEnd ? [{ type: 'search', query, account, next }] : []]
    }
    case 'tab': {
      const isEverywhere = state.open === undefined || !layer.isEverywhere
      const turned = {
        ...layer,
        isEverywhere,
        hits: [],
        answered: undefined,
        failed: undefined,
        next: undefined,
        chosen: 0,
      }
      return [{ ...state, layer: turned }, asking(state, turned)]
    }
    case 'enter': {
      const hit = hits[layer.chosen]
      const again = { ...layer, failed: undefined }
      if (layer.failed !== undefined) return [{ ...state, layer: again }, asking(state, again)]
      return hit === undefined ? [state, []] : goTo({ ...state, layer: undefined }, hit.message, look)
    }
    default: {
      const edit = edited(box, key)
      return edit === undefined ? [state, []] : typed(state, layer, edit)
    }
  }
}

function onReactKey(state: ChatState, layer: Of<'react'>, key: Key): Step {
  const { message, box, chosen } = layer
  const offers = reactionsFor(message, box.text)
  switch (key.name) {
    case 'up':
    case 'down':
      return [{ ...state, layer: { ...layer, chosen: stepped(chosen, key.name, offers.length) } }, []]
    case 'enter': {
      const offer = offers[chosen]
      if (offer === undefined) return [state, []]
      const emoji = offer.isMine ? null : offer.emoji
      return [{ ...state, layer: undefined }, [{ type: 'react', id: message.id, emoji }]]
    }
    default: {
      const edit = edited(box, key)
      return edit === undefined ? [state, []] : typedEmoji(state, layer, edit)
    }
  }
}

function typedEmoji(state: ChatState, layer: Of<'react'>, box: TextBox): Step {
  return [{ ...state, layer: { ...layer, box: cut(box), chosen: 0 } }, []]
}

/** It stays open until the name is kept: it may be taken. */
function onNicknameKey(state: ChatState, layer: Of<'nickname'>, key: Key): Step {
  const { partner, box } = layer
  if (key.name === 'enter') {
    const nickname = box.text.trim()
    return [state, [{ type: 'nickname', account: partner.account, nickname: nickname === '' ? null : nickname }]]
  }
  const edit = edited(box, key)
  return [edit === undefined ? state : { ...state, layer: { ...layer, box: cut(edit) } }, []]
}

const WHY_ROWS = 5

function onWhyKey(state: ChatState, layer: Of<'why'>, { name }: Key): Step {
  const by = { up: -1, down: 1, 'page-up': -WHY_ROWS, 'page-down': WHY_ROWS }[String(name)] ?? 0
  return [{ ...state, layer: { ...layer, from: Math.max(0, layer.from + by) } }, []]
}

function onTrustLetter(state: ChatState, layer: Of<'trust'>, text: string): Step {
  const { partner, safety, change, isAsking } = layer
  const { account } = partner
  if (change !== undefined) {
    const decide = (isAccepted: boolean): Step => [
      { ...state, layer: { ...layer, isAsking: false } },
      [{ type: 'decide', account, key: change.offered.key, isAccepted }],
    ]
    if (isAsking) return text === 'y' ? decide(true) : [{ ...state, layer: { ...layer, isAsking: false } }, []]
    if (text === 'k') return decide(false)
    return [{ ...state, layer: { ...layer, isAsking: text === 'a' } }, []]
  }
  if (safety === undefined) return [state, []]
  // With the digits that were shown: had the key changed meanwhile, they would be refused.
  if (text === 'v') return [state, [{ type: 'verify', account, number: safety.number }]]
  if (text === 'f') return [state, [{ type: 'verify', account, number: undefined }]]
  return [state, []]
}
