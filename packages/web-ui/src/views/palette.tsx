import { MAX_SEARCH_QUERY_CHARS } from '@parley/shared/limits.ts'
import { useRef, useState } from 'preact/hooks'
import { Avatar, presenceOf } from '#parts/avatar.tsx'
import { useDaemon } from '#parts/context.ts'
import { Dialog } from '#parts/dialog.tsx'
import { Icon } from '#parts/icon.tsx'
import { type SearchResult, useSearch } from '#parts/use-search.ts'
import type { Daemon } from '#state/daemon.ts'
import { openMessage, openNetwork, openThread } from '#state/navigation.ts'
import { overlay } from '#state/store.ts'
import { words } from '#words/words.ts'
import { Marked, SearchFailure } from './found.tsx'

/** More of them are found in the sidebar. */
const MAX_HITS = 8

interface Choice {
  readonly key: string
  readonly label: string
  /** What was said there, below the label. */
  readonly found?: preact.ComponentChild
  readonly icon: preact.ComponentChild
  readonly open: () => void
}

/** One box from which everything is reached: the arrows choose, Enter opens. */
export function Palette() {
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const found = useSearch(query)
  const choices = choicesOf(query, found, useDaemon())
  const list = useRef<HTMLDivElement>(null)
  const chosen = Math.min(at, choices.length - 1)
  const open = (choice: Choice | undefined) => {
    if (choice === undefined) return
    overlay.value = undefined
    choice.open()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (by !== undefined) {
      event.preventDefault()
      const next = (chosen + by + choices.length) % Math.max(1, choices.length)
      setAt(next)
      list.current?.children[next]?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Enter') {
      event.preventDefault()
      open(choices[chosen])
    }
  }
  return (
    <Dialog title={words.palette.label} isBare>
      <input
        id="palette-box"
        type="text"
        class="palette-input"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={choices[chosen] === undefined ? undefined : `palette-${chosen}`}
        aria-label={words.palette.label}
        placeholder={words.palette.placeholder}
        autocomplete="off"
        spellcheck={false}
        maxLength={MAX_SEARCH_QUERY_CHARS}
        value={query}
        onInput={({ currentTarget }) => {
          setQuery(currentTarget.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
      />
      <div ref={list} id="palette-list" role="listbox" aria-label={words.palette.label} class="palette-list">
        {choices.map((choice, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the focus stays in the box above, which takes the keys
          <div
            key={choice.key}
            id={`palette-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            class={`palette-choice ${choice.found === undefined ? '' : 'palette-hit'}`}
            onClick={() => open(choice)}
            onPointerMove={() => setAt(index)}
          >
            {choice.icon}
            <span class="item-text">
              <span class={choice.found === undefined ? '' : 'item-name'}>{choice.label}</span>
              {choice.found !== undefined && <span class="hit-text">{choice.found}</span>}
            </span>
          </div>
        ))}
      </div>
      <SearchFailure found={found} box="palette-box" />
      {choices.length === 0 && found.failure === undefined && (
        <p class="palette-none">{found.isAsking ? words.palette.searching : words.palette.none}</p>
      )}
      <p class="palette-hint">{words.palette.hint}</p>
    </Dialog>
  )
}

/** People first, then what can be done, then what was said. */
function choicesOf(query: string, found: SearchResult, daemon: Daemon): Choice[] {
  const pages: Choice[] = [
    { key: 'network', label: words.palette.network, icon: <Icon name="network" />, open: () => openNetwork(daemon) },
    {
      key: 'settings',
      label: words.palette.settings,
      icon: <Icon name="settings" />,
      open: () => {
        overlay.value = { type: 'settings' }
      },
    },
    {
      key: 'keys',
      label: words.palette.keys,
      icon: <Icon name="info" />,
      open: () => {
        overlay.value = { type: 'keys' }
      },
    },
  ]
  return [
    ...found.conversations.map((one) => ({
      key: one.account,
      label: one.name,
      icon: <Avatar account={one.account} name={one.name} size="small" presence={presenceOf(one)} />,
      open: () => openThread(daemon, one),
    })),
    ...found.people.map((user) => ({
      key: user.account,
      label: user.displayName === user.name ? user.name : `${user.name} · ${user.displayName}`,
      icon: <Avatar account={user.account} name={user.name} size="small" presence={user.status} />,
      open: () => openThread(daemon, user),
    })),
    ...pages.filter(({ label }) => label.toLowerCase().includes(query.trim().toLowerCase())),
    ...found.hits.slice(0, MAX_HITS).map(({ message, snippet }) => ({
      key: message.id,
      label: message.with,
      found: (
        <>
          {message.direction === 'out' && words.sidebar.you}
          <Marked snippet={snippet} />
        </>
      ),
      icon: <Avatar account={message.account} name={message.with} size="small" />,
      open: () => openMessage(daemon, message),
    })),
  ]
}
