import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import type { SearchHit } from '@parley/shared/local-api/search.ts'
import type { ComponentChildren } from 'preact'
import { Avatar } from '#parts/avatar.tsx'
import { useDaemon } from '#parts/context.ts'
import type { SearchResult } from '#parts/use-search.ts'
import { openMessage } from '#state/navigation.ts'
import { now, type Partner, status } from '#state/store.ts'
import { exactTime, listTime } from '#text/times.ts'
import { words } from '#words/words.ts'
import { ConversationItem } from './conversation-item.tsx'

interface FoundProps {
  query: string
  within: Partner | undefined
  found: SearchResult
  onOpen: (partner: Partner) => void
}

/** In the place of the conversations, while something is searched. */
export function Found({ query, within, found, onOpen }: FoundProps) {
  const { conversations, people, hits, unindexed, isAsking, failure } = found
  const isNothing = conversations.length + people.length + hits.length === 0
  return (
    <>
      {conversations.length > 0 && (
        <Group title={words.sidebar.conversations}>
          {conversations.map((one) => (
            <ConversationItem key={one.account} conversation={one} isOpen={false} onOpen={onOpen} />
          ))}
        </Group>
      )}
      {people.length > 0 && (
        <Group title={words.sidebar.people}>
          {people.map((user) => (
            <Person key={user.account} user={user} onOpen={onOpen} />
          ))}
        </Group>
      )}
      {hits.length > 0 && (
        <Group title={words.sidebar.messages}>
          {hits.map((hit) => (
            <Hit key={hit.message.id} hit={hit} />
          ))}
        </Group>
      )}
      {found.more !== undefined && (
        <button type="button" class="link-button more-hits" onClick={found.more}>
          {words.sidebar.moreMessages}
        </button>
      )}
      <SearchFailure found={found} box="search" />
      <p class="empty" role="status">
        {isAsking ? words.sidebar.searching : isNothing && failure === undefined ? nothing(query, within) : ''}
        {unindexed > 0 && ` ${words.sidebar.unindexed(unindexed)}`}
      </p>
    </>
  )
}

interface SearchFailureProps {
  found: SearchResult
  /** The id of the box with the words: the focus goes there when they are asked for again, as this goes away then. */
  box: string
}

/** Why there may be more than what is shown. */
export function SearchFailure({ found: { failure, again }, box }: SearchFailureProps) {
  if (failure === undefined) return null
  return (
    <div class="search-failure" role="alert">
      <p>
        {failure.text}
        {failure.code !== undefined && <small>{words.problem(failure.code)}</small>}
      </p>
      <button
        type="button"
        class="link-button"
        onClick={() => {
          document.getElementById(box)?.focus()
          again()
        }}
      >
        {words.again}
      </button>
    </div>
  )
}

function nothing(query: string, within: Partner | undefined): string {
  if (within !== undefined) return words.sidebar.noMessageFound(query)
  return status.value?.directory.state === 'none' ? words.sidebar.noDirectory : words.sidebar.nobody(query)
}

function Group({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <ul class="items">{children}</ul>
    </section>
  )
}

function Person({ user, onOpen }: { user: FoundUser; onOpen: (partner: Partner) => void }) {
  const { account, name, displayName, status: presence, statusText } = user
  const about = [displayName === name ? undefined : displayName, statusText].filter((part) => part !== undefined)
  return (
    <li>
      <button type="button" class="item" onClick={() => onOpen({ account, name })}>
        <Avatar account={account} name={name} presence={presence} />
        <span class="item-text">
          <span class="item-name">{name}</span>
          <span class="item-last">{about.length > 0 ? about.join(' · ') : words.presence[presence]}</span>
        </span>
      </button>
    </li>
  )
}

/** A click leads to the message; the list stays, for the next one. */
function Hit({ hit }: { hit: SearchHit }) {
  const daemon = useDaemon()
  const { message } = hit
  const { account, with: name, sentAt, direction } = message
  return (
    <li>
      <button type="button" class="item hit" onClick={() => openMessage(daemon, message)}>
        <Avatar account={account} name={name} size="small" />
        <span class="item-text">
          <span class="item-row">
            <span class="item-name">{name}</span>
            <time class="meta" dateTime={new Date(sentAt).toISOString()} title={exactTime(sentAt)}>
              {listTime(sentAt, now.value)}
            </time>
          </span>
          <span class="hit-text">
            {direction === 'out' && words.sidebar.you}
            <Marked snippet={hit.snippet} />
          </span>
        </span>
      </button>
    </li>
  )
}

/** What was found, with the words that were asked for marked. */
export function Marked({ snippet: { text, marks, isCutBefore, isCutAfter } }: { snippet: SearchHit['snippet'] }) {
  const parts: ComponentChildren[] = []
  let at = 0
  for (const { from, to } of marks) {
    parts.push(text.slice(at, from), <mark key={from}>{text.slice(from, to)}</mark>)
    at = to
  }
  return (
    <>
      {isCutBefore && '…'}
      {parts}
      {text.slice(at)}
      {isCutAfter && '…'}
    </>
  )
}
