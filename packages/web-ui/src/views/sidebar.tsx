import { MAX_SEARCH_QUERY_CHARS } from '@parley/shared/limits.ts'
import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
import { useRef } from 'preact/hooks'
import { Avatar } from '#parts/avatar.tsx'
import { useDaemon } from '#parts/context.ts'
import { Icon } from '#parts/icon.tsx'
import { IconButton } from '#parts/icon-button.tsx'
import { useSearch } from '#parts/use-search.ts'
import { openMessage, openNetwork, openThread } from '#state/navigation.ts'
import { conversations, hasConversations, overlay, type Partner, partner, search, status, view } from '#state/store.ts'
import { many, words } from '#words/words.ts'
import { ConversationItem } from './conversation-item.tsx'
import { Found } from './found.tsx'
import { ResizeHandle } from './resize-handle.tsx'

/** The conversations, and the one box that finds conversations, people and messages. */
export function Sidebar() {
  const daemon = useDaemon()
  const { query, within } = search.value
  const found = useSearch(query, within)
  const isSearching = query.trim() !== ''
  const open = (partner: Partner) => {
    search.value = { query: '' }
    openThread(daemon, partner)
  }
  return (
    <nav class="sidebar" aria-label={words.sidebar.label}>
      <SearchBox
        onSubmit={() => {
          const [first] = [...found.conversations, ...found.people]
          const [hit] = found.hits
          if (first !== undefined) open(first)
          else if (hit !== undefined) openMessage(daemon, hit.message)
        }}
      />
      <div class="sidebar-list">
        {isSearching ? (
          <Found query={query.trim()} within={within} found={found} onOpen={open} />
        ) : (
          <All onOpen={open} />
        )}
      </div>
      <footer>
        <Me />
        <IconButton
          icon="settings"
          label={words.sidebar.settings}
          onClick={() => {
            overlay.value = { type: 'settings' }
          }}
        />
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

function SearchBox({ onSubmit }: { onSubmit: () => void }) {
  const box = useRef<HTMLInputElement>(null)
  const { query, within } = search.value
  const clear = () => {
    search.value = { query: '' }
    box.current?.focus()
  }
  return (
    <search class="search">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onSubmit()
        }}
      >
        <Icon name="search" size={16} />
        {within !== undefined && (
          <button
            type="button"
            class="within"
            title={words.sidebar.everywhere}
            onClick={() => {
              search.value = { query }
              box.current?.focus()
            }}
          >
            {words.sidebar.within(within.name)}
          </button>
        )}
        <input
          ref={box}
          id="search"
          type="text"
          value={query}
          maxLength={MAX_SEARCH_QUERY_CHARS}
          placeholder={words.sidebar.search}
          aria-label={words.sidebar.search}
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => {
            search.value = { query: currentTarget.value, within }
          }}
          onKeyDown={(event) => {
            if (event.key === 'Backspace' && query === '' && within !== undefined) search.value = { query }
            if (event.key !== 'Escape' || (query === '' && within === undefined)) return
            event.stopPropagation()
            search.value = { query: '' }
          }}
        />
        {(query !== '' || within !== undefined) && (
          <IconButton icon="close" size={16} label={words.sidebar.clear} onClick={clear} />
        )}
      </form>
    </search>
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

/** Who I am, and whether others can find me. */
function Me() {
  const me = status.value
  if (me === undefined) return null
  return (
    <span class="me">
      <Avatar account={me.account} name={me.name} size="small" />
      <span class="me-text">
        <span class="item-name">{me.name}</span>
        <span class="meta" title={me.directory.state === 'waiting' ? me.directory.lastError : undefined}>
          {presenceWords(me)}
        </span>
      </span>
    </span>
  )
}

function presenceWords({ directory, connected }: DaemonStatus): string {
  switch (directory.state) {
    case 'none':
      return many(connected, 'connection')
    case 'online':
      return words.presence.online
    case 'connecting':
      return `${words.network.directory}: ${words.network.directoryConnecting}`
    case 'waiting':
      return `${words.network.directory}: ${words.network.directoryAway}`
  }
}
