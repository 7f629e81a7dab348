import { arrived, contactChanged, noted, pageCame } from './arrivals.ts'
import { caughtUp } from './catching-up.ts'
import type { Happening, Step } from './happening.ts'
import { onKey, onText } from './keys.ts'
import { onLayerKey, onLayerText } from './layer-keys.ts'
import type { Look } from './lines.ts'
import { markSeen, openPartner } from './moves.ts'
import { type ChatState, threadOf, withThread } from './state.ts'
import { boxWith, insert } from './text-box.ts'
import { withArrived } from './thread.ts'

/** What becomes of the chat, and what it then wants done. `now`: Unix milliseconds. */
export function update(state: ChatState, happening: Happening, look: Look, now: number): Step {
  return happen({ ...state, now }, happening, look)
}

function happen(state: ChatState, happening: Happening, look: Look): Step {
  switch (happening.type) {
    case 'key': {
      const looking = { ...state, keyAt: state.now, notice: undefined }
      return andSeen(
        looking.layer === undefined ? onKey(looking, happening.key, look) : onLayerKey(looking, happening.key, look),
      )
    }
    case 'text': {
      const looking = { ...state, keyAt: state.now, notice: undefined }
      return andSeen(
        looking.layer === undefined ? onText(looking, happening.text) : onLayerText(looking, happening.text),
      )
    }
    case 'size':
      return [{ ...state, columns: happening.columns, rows: happening.rows }, []]
    case 'tick':
      return [state, []]
    case 'up':
      return andSeen(caughtUp(state, happening))
    case 'lost':
      return [{ ...state, line: state.line === 'up' ? 'lost' : state.line }, []]
    case 'glance': {
      const { status, conversations } = happening
      return andSeen([{ ...state, status, conversations, hasConversations: true }, []])
    }
    case 'message':
      return andSeen(arrived(state, happening))
    case 'contact':
      return [contactChanged(state, happening.contact), []]
    case 'hidden':
      return [withoutMessage(state, happening), []]
    case 'writes':
      return [{ ...state, writing: new Map(state.writing).set(happening.account, happening.until) }, []]
    case 'note':
      return noted(state, happening)
    case 'page':
      return andSeen(pageCame(state, happening, look))
    case 'page-failed':
      return [withThread(state, happening.account, (thread) => ({ ...thread, asked: undefined })), []]
    case 'sent': {
      const { key, message } = happening
      const outgoing = state.outgoing.filter((one) => one.key !== key)
      return [withThread({ ...state, outgoing }, message.account, (thread) => withArrived(thread, message)), []]
    }
    case 'not-sent':
      return notSent(state, happening)
    case 'why':
      if (state.layer?.type !== 'why' || state.layer.id !== happening.why.message.id) return [state, []]
      return [{ ...state, layer: { ...state.layer, why: happening.why } }, []]
    case 'found':
      if (state.layer?.type !== 'palette' || state.layer.box.text.trim() !== happening.query) return [state, []]
      return [{ ...state, layer: { ...state.layer, found: happening.users, failed: undefined } }, []]
    case 'find-failed':
      if (state.layer?.type !== 'palette' || state.layer.box.text.trim() !== happening.query) return [state, []]
      return [{ ...state, layer: { ...state.layer, found: [], failed: happening.sentence } }, []]
    case 'hits': {
      const { layer } = state
      if (layer?.type !== 'search' || layer.box.text.trim() !== happening.query) return [state, []]
      const hits = happening.isMore ? [...layer.hits, ...happening.hits] : happening.hits
      const chosen = happening.isMore ? layer.chosen : 0
      const { query: answered, next } = happening
      return [{ ...state, layer: { ...layer, hits, chosen, answered, failed: undefined, next } }, []]
    }
    case 'search-failed':
      return searchFailed(state, happening)
    case 'trust': {
      const { account, safety, change } = happening
      if (state.layer?.type !== 'trust' || state.layer.partner.account !== account) return [state, []]
      return [{ ...state, layer: { ...state.layer, safety, change, isAsking: false } }, []]
    }
    case 'decided': {
      const { accepted, isNewKey } = happening
      const [next, wishes] = openPartner({ ...state, layer: undefined }, accepted)
      const whose = isNewKey
        ? `The new key of ${accepted.name} is in force.`
        : `The known key of ${accepted.name} stays.`
      const sent = accepted.sent === 0 ? '' : ` What was held goes out: ${accepted.sent}.`
      return [{ ...next, notice: { text: whose + sent, isTrouble: false } }, wishes]
    }
    case 'open':
      return andSeen(openPartner(state, happening.partner))
    case 'notice':
      return [{ ...state, notice: { text: happening.text, isTrouble: happening.isTrouble } }, []]
  }
}

function searchFailed(
  state: ChatState,
  { query, next, sentence }: Extract<Happening, { type: 'search-failed' }>,
): Step {
  const { layer } = state
  if (layer?.type !== 'search' || layer.box.text.trim() !== query) return [state, []]
  if (next === undefined) return [{ ...state, layer: { ...layer, hits: [], failed: sentence } }, []]
  return [{ ...state, layer: { ...layer, next }, notice: { text: sentence, isTrouble: true } }, []]
}

function withoutMessage(state: ChatState, { account, id }: Extract<Happening, { type: 'hidden' }>): ChatState {
  const selected = state.selected === id ? undefined : state.selected
  if (!threadOf(state, account).isLoaded) return state
  return withThread({ ...state, selected }, account, (thread) => ({
    ...thread,
    messages: thread.messages.filter((message) => message.id !== id),
  }))
}

/** The daemon did not take it: the text goes back to where it was typed, and nothing of it is lost. */
function notSent(state: ChatState, { key, sentence }: Extract<Happening, { type: 'not-sent' }>): Step {
  const failed = state.outgoing.find((one) => one.key === key)
  if (failed === undefined) return [state, []]
  const outgoing = state.outgoing.filter((one) => one !== failed)
  const { account } = failed.partner
  const typed = state.drafts.get(account)
  const box = typed === undefined ? boxWith(failed.text) : insert({ text: `\n${typed.text}`, at: 0 }, failed.text)
  const drafts = new Map(state.drafts).set(account, box)
  const answers = new Map(state.answers)
  if (failed.answers !== undefined && !answers.has(account)) answers.set(account, failed.answers)
  const next = { ...state, outgoing, drafts, answers, notice: { text: sentence, isTrouble: true } }
  // What was written after it may still go.
  return [next, outgoing.length > 0 ? [{ type: 'send' }] : []]
}

function andSeen([state, wishes]: Step): Step {
  const [next, more] = markSeen(state)
  return [next, [...wishes, ...more]]
}
