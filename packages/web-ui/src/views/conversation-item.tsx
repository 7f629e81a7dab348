import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import { Avatar, presenceOf } from '#parts/avatar.tsx'
import { useDaemon } from '#parts/context.ts'
import { Icon } from '#parts/icon.tsx'
import { StateShape, shownState } from '#parts/state-shape.tsx'
import { isWriting, now, type Partner } from '#state/store.ts'
import { plainLine } from '#text/markdown.ts'
import { exactTime, listTime } from '#text/times.ts'
import { words } from '#words/words.ts'

interface ConversationItemProps {
  conversation: ConversationInfo
  isOpen: boolean
  onOpen: (partner: Partner) => void
}

export function ConversationItem({ conversation, isOpen, onOpen }: ConversationItemProps) {
  const { account, name, last, unread, verification, isKeyChanged } = conversation
  return (
    <li>
      <button
        type="button"
        class={`item ${isOpen ? 'is-open' : ''}`}
        aria-current={isOpen ? 'page' : undefined}
        onClick={() => onOpen({ account, name })}
      >
        <Avatar account={account} name={name} presence={presenceOf(conversation)} />
        <span class="item-text">
          <span class="item-row">
            <span class="item-name">{name}</span>
            {verification === 'verified' && (
              <span class="verified" title={words.details.verified}>
                <Icon name="shield" size={14} />
              </span>
            )}
            {last !== undefined && (
              <time class="meta" dateTime={new Date(last.sentAt).toISOString()} title={exactTime(last.sentAt)}>
                {listTime(last.sentAt, now.value)}
              </time>
            )}
          </span>
          <span class="item-row">
            <LastLine conversation={conversation} isOpen={isOpen} />
            {isKeyChanged && (
              <span class="item-warn" role="img" aria-label={words.network.keyChanged} title={words.network.keyChanged}>
                <Icon name="warn" size={16} />
              </span>
            )}
            {unread > 0 && (
              <span class="badge" title={words.sidebar.unread(unread)}>
                <span aria-hidden="true">{unread > 99 ? '99+' : unread}</span>
                <span class="visually-hidden">{words.sidebar.unread(unread)}</span>
              </span>
            )}
          </span>
        </span>
      </button>
    </li>
  )
}

function LastLine({ conversation: { account, last }, isOpen }: { conversation: ConversationInfo; isOpen: boolean }) {
  const daemon = useDaemon()
  const draft = isOpen ? '' : daemon.drafts.text(account)
  if (draft !== '') {
    return (
      <span class="item-last">
        <span class="draft">{words.sidebar.draft}</span>
        {plainLine(draft)}
      </span>
    )
  }
  if (isWriting(account)) return <span class="item-last writing">{words.sidebar.writing}</span>
  if (last === undefined) return <span class="item-last">{words.sidebar.noMessages}</span>
  const state = shownState(last)
  return (
    <span class="item-last">
      {state !== undefined && state !== 'delivered' && state !== 'read' && <StateShape state={state} />}
      {last.direction === 'out' && words.sidebar.you}
      {last.deleted === undefined ? plainLine(last.text.slice(0, 200)) : words.sidebar.deleted}
    </span>
  )
}
