import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import { useRef, useState } from 'preact/hooks'
import { Avatar } from '#parts/avatar.tsx'
import { useDaemon } from '#parts/context.ts'
import { Icon } from '#parts/icon.tsx'
import { IconButton } from '#parts/icon-button.tsx'
import { useSearch } from '#parts/use-search.ts'
import { openNetwork, openThread } from '#state/navigation.ts'
import { conversations, hasConversations, type Partner, partner, status, view } from '#state/store.ts'
import { many, words } from '#words/words.ts'
import { ConversationItem } from './conversation-item.tsx'
import { ResizeHandle } from './resize-handle.tsx'

/** The conversations, and the one box that finds people. */
export function Sidebar() {
  const daemon = useDaemon()
  const [query, setQuery] = useState('')
  const found = useSearch(query)
  const box = useRef<HTMLInputElement>(null)
  const isSearching = query.trim() !== ''
  const open = (partner: Partner) => {
    setQuery('')
    openThread(daemon, partner)
  }
  return (
    <nav class="sidebar" aria-label={words.sidebar.label}>
      <search class="search">
        <form
          onSubmit={(event) => {
            event.preventDefault()
            const [first] = [...found.conversations, ...found.people]
            if (first !== undefined) open(first)
          }}
        >
          <Icon name="search" size={16} />
          <input
            ref={box}
            id="search"
            type="text"
            value={query}
            maxLength={64}
            placeholder={words.sidebar.search}
            aria-label={words.sidebar.search}
            autocomplete="off"
            spellcheck={false}
            onInput={({ currentTarget }) => setQuery(currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Escape' || query === '') return
              event.stopPropagation()
              setQuery('')
            }}
          />
          {isSearching && (
            <IconButton
              icon="close"
              size={16}
              label={words.sidebar.clear}
              onClick={() => {
                setQuery('')
                box.current?.focus()
              }}
            />
          )}
        </form>
      </search>
      <div class="sidebar-list">
        {isSearching ? <Found query={query} found={found} onOpen={open} /> : <All onOpen={open} />}
      </div>
      <footer>
        <Me />
        <IconButton
          icon="network"
          label={words.sidebar.network}
          isPressed={view.value.type === 'network'}
          onClick={() => openNetwork(daemon)}
        />
      </footer>
      <ResizeHandle />
    </nav>
  )
}

function All({ onOpen }: { onOpen: (partner: Partner) => void }) {
  if (conversations.value.length === 0) {
    return hasConversations.value ? <p class="empty">{words.sidebar.empty}</p> : null
  }
  return (
    <ul class="items">
      {conversations.value.map((one) => (
        <ConversationItem
          key={one.account}
          conversation={one}
          isOpen={one.account === partner.value?.account}
          onOpen={onOpen}
        />
      ))}
    </ul>
  )
}

interface FoundProps {
  query: string
  found: ReturnType<typeof useSearch>
  onOpen: (partner: Partner) => void
}

function Found({ query, found, onOpen }: FoundProps) {
  const isNobody = found.conversations.length === 0 && found.people.length === 0
  const hasDirectory = status.value?.directory.state !== 'none'
  return (
    <>
      {found.conversations.length > 0 && (
        <section aria-label={words.sidebar.conversations}>
          <h2>{words.sidebar.conversations}</h2>
          <ul class="items">
            {found.conversations.map((one) => (
              <ConversationItem key={one.account} conversation={one} isOpen={false} onOpen={onOpen} />
            ))}
          </ul>
        </section>
      )}
      {found.people.length > 0 && (
        <section aria-label={words.sidebar.people}>
          <h2>{words.sidebar.people}</h2>
          <ul class="items">
            {found.people.map((user) => (
              <Person key={user.account} user={user} onOpen={onOpen} />
            ))}
          </ul>
        </section>
      )}
      <p class="empty" role="status">
        {found.isAsking
          ? words.sidebar.searching
          : isNobody
            ? hasDirectory
              ? words.sidebar.nobody(query.trim())
              : words.sidebar.noDirectory
            : ''}
      </p>
    </>
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

/** Who I am, and whether others can find me. */
function Me() {
  const me = status.value
  if (me === undefined) return null
  const { directory, connected } = me
  const isOnline = directory.state === 'online'
  const about =
    directory.state === 'none'
      ? many(connected, 'connection')
      : isOnline
        ? words.presence.online
        : `${words.network.directory}: ${words.network.directoryConnecting}`
  return (
    <span class="me">
      <Avatar account={me.account} name={me.name} size="small" />
      <span class="me-text">
        <span class="item-name">{me.name}</span>
        <span class="meta">{about}</span>
      </span>
    </span>
  )
}
