import { ApiError } from '@parley/api-client/api-error.ts'
import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import type { SearchHit, SearchPage } from '@parley/shared/local-api/search.ts'
import { useEffect, useState } from 'preact/hooks'
import type { Daemon } from '#state/daemon.ts'
import type { Failure } from '#state/failure.ts'
import { contacts, conversations, line, type Partner, status } from '#state/store.ts'
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
  /** What is missing above, or some of it, is missing because of this. */
  readonly failure: Failure | undefined
  /** Asks the same once more. */
  readonly again: () => void
}

interface Answer {
  /** What was asked. */
  readonly key: string
  readonly users: readonly FoundUser[]
  readonly hits: readonly SearchHit[]
  readonly next: string | undefined
  readonly unindexed: number
  readonly failure: Failure | undefined
}

const NOTHING: Answer = { key: '', users: [], hits: [], next: undefined, unindexed: 0, failure: undefined }

/**
 * What the words mean here, at once, and in the directory and in all that was said, when the typing pauses; while the daemon is away,
 * when it is back.
 */
export function useSearch(typed: string, within?: Partner): SearchResult {
  const daemon = useDaemon()
  const query = typed.trim()
  const conversation = within?.account
  const hasDirectory = status.value?.directory.state !== 'none'
  const isLost = line.value === 'lost'
  const [tries, setTries] = useState(0)
  const key = `${tries} ${conversation ?? ''} ${query}`
  const [answer, setAnswer] = useState(NOTHING)
  useEffect(() => {
    if (query === '' || isLost) return
    const asking = new AbortController()
    const { signal } = asking
    const timer = setTimeout(async () => {
      const asksForPeople = hasDirectory && conversation === undefined
      const [users, page] = await Promise.allSettled([
        asksForPeople ? daemon.client.find(query.slice(0, MAX_NAME_QUERY_CHARS), { signal }) : [],
        messages(daemon, query, { conversation, signal }),
      ])
      if (signal.aborted) return
      const failed = [page, users].find((one) => one.status === 'rejected')
      const found = page.status === 'fulfilled' ? page.value : { hits: [] }
      setAnswer({
        key,
        users: users.status === 'fulfilled' ? users.value : [],
        hits: found.hits,
        next: found.next,
        unindexed: found.unindexed ?? 0,
        failure: failed && daemon.failure(failed.reason),
      })
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      asking.abort()
    }
  }, [daemon, query, conversation, key, hasDirectory, isLost])

  const isAnswered = answer.key === key
  const { next } = answer
  const more = async () => {
    const page = await daemon.attempt(() => messages(daemon, query, { conversation, cursor: next }))
    if (page === undefined) return
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
    failure: isAnswered ? answer.failure : undefined,
    again: () => setTries(tries + 1),
  }
}

/** Found by what one calls them here, and by what the others do. */
function isCalled({ account, name }: ConversationInfo, query: string): boolean {
  const names = [name, contacts.value.get(account)?.publicName ?? '']
  return names.some((one) => one.toLowerCase().includes(query.toLowerCase()))
}

/** Nothing for what has no word in it: it may be the name of somebody. */
async function messages(
  daemon: Daemon,
  query: string,
  options: { conversation: string | undefined; cursor?: string | undefined; signal?: AbortSignal },
): Promise<SearchPage> {
  try {
    return await daemon.client.search(query, options)
  } catch (error) {
    if (error instanceof ApiError && error.code === 'bad-request') return { hits: [] }
    throw error
  }
}
