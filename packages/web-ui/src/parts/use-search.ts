import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import type { SearchHit, SearchPage } from '@parley/shared/local-api/search.ts'
import { useEffect, useState } from 'preact/hooks'
import type { Daemon } from '#state/daemon.ts'
import { contacts, conversations, type Partner, status } from '#state/store.ts'
import { useDaemon } from './context.ts'

const PAUSE_MS = 150
const MAX_NAME_QUERY_CHARS = 64

export interface SearchResult {
  readonly conversations: readonly ConversationInfo[]
  /** Of the directory, without those whom the list holds already. */
  readonly people: readonly FoundUser[]
  /** The youngest first. */
  readonly hits: readonly SearchHit[]
  /** Messages that could not be found yet. */
  readonly unindexed: number
  /** Asks for more hits, where there may be some. */
  readonly more: (() => void) | undefined
  readonly isAsking: boolean
}

interface Answer {
  /** What was asked. */
  readonly key: string
  readonly users: readonly FoundUser[]
  readonly hits: readonly SearchHit[]
  readonly next: string | undefined
  readonly unindexed: number
}

const NOTHING: Answer = { key: '', users: [], hits: [], next: undefined, unindexed: 0 }

/** What the words mean here, at once, and in the directory and in all that was said, when the typing pauses. */
export function useSearch(typed: string, within?: Partner): SearchResult {
  const daemon = useDaemon()
  const query = typed.trim()
  const conversation = within?.account
  const hasDirectory = status.value?.directory.state !== 'none'
  const key = `${conversation ?? ''} ${query}`
  const [answer, setAnswer] = useState(NOTHING)
  useEffect(() => {
    if (query === '') return
    const asking = new AbortController()
    const { signal } = asking
    const timer = setTimeout(async () => {
      const asksForPeople = hasDirectory && conversation === undefined
      const [users, page] = await Promise.all([
        asksForPeople ? people(daemon, query, signal) : [],
        messages(daemon, query, { conversation, signal }),
      ])
      if (!signal.aborted) setAnswer({ key, users, hits: page.hits, next: page.next, unindexed: page.unindexed ?? 0 })
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      asking.abort()
    }
  }, [daemon, query, conversation, key, hasDirectory])

  const isAnswered = answer.key === key
  const { next } = answer
  const more = async () => {
    const page = await messages(daemon, query, { conversation, cursor: next })
    setAnswer((before) =>
      before.key === key ? { ...before, hits: [...before.hits, ...page.hits], next: page.next } : before,
    )
  }
  const known = new Set(conversations.value.map(({ account }) => account))
  const me = status.value?.account
  const isEverywhere = conversation === undefined
  return {
    conversations: isEverywhere ? conversations.value.filter((one) => isCalled(one, query)) : [],
    people: query === '' ? [] : answer.users.filter(({ account }) => !known.has(account) && account !== me),
    hits: query === '' ? [] : answer.hits,
    unindexed: answer.unindexed,
    more: isAnswered && next !== undefined ? () => void more() : undefined,
    isAsking: query !== '' && !isAnswered,
  }
}

/** Found by what one calls them here, and by what the others do. */
function isCalled({ account, name }: ConversationInfo, query: string): boolean {
  const names = [name, contacts.value.get(account)?.publicName ?? '']
  return names.some((one) => one.toLowerCase().includes(query.toLowerCase()))
}

/** Whoever is known is found all the same; that the directory is away is told elsewhere. */
function people(daemon: Daemon, query: string, signal: AbortSignal): Promise<readonly FoundUser[]> {
  return daemon.client.find(query.slice(0, MAX_NAME_QUERY_CHARS), { signal }).catch(() => [])
}

/** Nothing for what has no word in it, and while the daemon is away, which is told elsewhere. */
function messages(
  daemon: Daemon,
  query: string,
  options: { conversation: string | undefined; cursor?: string | undefined; signal?: AbortSignal },
): Promise<SearchPage> {
  return daemon.client.search(query, options).catch(() => ({ hits: [] }))
}
