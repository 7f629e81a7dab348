import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import { useEffect, useState } from 'preact/hooks'
import { conversations, status } from '#state/store.ts'
import { useDaemon } from './context.ts'

const PAUSE_MS = 150
const MAX_QUERY_CHARS = 64

export interface SearchResult {
  readonly conversations: readonly ConversationInfo[]
  /** Of the directory, without those whom the list holds already. */
  readonly people: readonly FoundUser[]
  readonly isAsking: boolean
}

/** What the words mean here, at once, and in the directory, when the typing pauses. */
export function useSearch(typed: string): SearchResult {
  const daemon = useDaemon()
  const query = typed.trim().slice(0, MAX_QUERY_CHARS)
  const [answer, setAnswer] = useState<{ query: string; users: readonly FoundUser[] }>({ query: '', users: [] })
  const hasDirectory = status.value?.directory.state !== 'none'
  useEffect(() => {
    if (query === '' || !hasDirectory) return
    const asking = new AbortController()
    const timer = setTimeout(() => {
      daemon.client.find(query, { signal: asking.signal }).then(
        (users) => setAnswer({ query, users }),
        // Whoever is known is found all the same; that the directory is away is told elsewhere.
        () => {
          if (!asking.signal.aborted) setAnswer({ query, users: [] })
        },
      )
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      asking.abort()
    }
  }, [daemon, query, hasDirectory])
  const known = new Set(conversations.value.map(({ account }) => account))
  const me = status.value?.account
  return {
    conversations: conversations.value.filter(({ name }) => name.includes(query.toLowerCase())),
    people: query === '' ? [] : answer.users.filter(({ account }) => !known.has(account) && account !== me),
    isAsking: query !== '' && hasDirectory && answer.query !== query,
  }
}
