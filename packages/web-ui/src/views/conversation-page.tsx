import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import { Avatar, presenceOf } from '#parts/avatar.tsx'
import { useDaemon } from '#parts/context.ts'
import { Icon } from '#parts/icon.tsx'
import { IconButton } from '#parts/icon-button.tsx'
import { openList } from '#state/navigation.ts'
import { conversation, isBlocked, isDetailsOpen, isWriting, type Partner, threadOf } from '#state/store.ts'
import { words } from '#words/words.ts'
import { Composer } from './composer.tsx'
import { MessageList } from './message-list.tsx'

export function ConversationPage({ partner }: { partner: Partner }) {
  const daemon = useDaemon()
  const info = conversation.value
  const { name } = partner
  const { messages, isLoaded } = threadOf(partner.account)
  return (
    <>
      <header class="page-header">
        <IconButton icon="back" label={words.conversation.back} class="only-narrow" onClick={() => openList(daemon)} />
        <Avatar account={partner.account} name={name} size="small" presence={info && presenceOf(info)} />
        <div class="page-title">
          <h1>
            {name}
            {info?.verification === 'verified' && (
              <span class="verified" title={words.details.verified} role="img" aria-label={words.details.verified}>
                <Icon name="shield" size={16} />
              </span>
            )}
          </h1>
          {info !== undefined && (
            <p class="meta">
              {isWriting(partner.account) ? (
                <span class="writing">{words.conversation.writing(name)}</span>
              ) : (
                words.presence[presenceOf(info)]
              )}
            </p>
          )}
        </div>
        <IconButton
          icon="info"
          label={words.conversation.details}
          isPressed={isDetailsOpen.value}
          onClick={() => {
            isDetailsOpen.value = !isDetailsOpen.value
          }}
        />
      </header>
      {info !== undefined && <KeyBanner info={info} />}
      {isLoaded && messages.length === 0 ? (
        <div class="empty-page">
          <Avatar account={partner.account} name={name} size="large" />
          <p>{words.conversation.empty(name)}</p>
        </div>
      ) : (
        <MessageList account={partner.account} name={name} />
      )}
      {isBlocked(partner.account) ? (
        <BlockedLine partner={partner} />
      ) : (
        info !== undefined && <OfflineLine info={info} />
      )}
      <Composer partner={partner} />
    </>
  )
}

function KeyBanner({ info: { name, isKeyChanged, verification } }: { info: ConversationInfo }) {
  if (!isKeyChanged && verification !== 'rotated-since') return null
  return (
    <div class="banner" role={isKeyChanged ? 'alert' : 'status'}>
      <Icon name="warn" />
      <p>{isKeyChanged ? words.conversation.keyChanged(name) : words.conversation.rotated(name)}</p>
      <button
        type="button"
        class="button"
        onClick={() => {
          isDetailsOpen.value = true
        }}
      >
        {words.conversation.keyChangedButton}
      </button>
    </div>
  )
}

function BlockedLine({ partner: { account, name } }: { partner: Partner }) {
  const daemon = useDaemon()
  return (
    <p class="offline-line" role="status">
      {words.conversation.blocked(name)}{' '}
      <button type="button" class="link-button" onClick={() => void daemon.unblock(account)}>
        {words.details.unblock(name)}
      </button>
    </p>
  )
}

function OfflineLine({ info }: { info: ConversationInfo }) {
  const { name, isConnected, isKeyChanged, presence, waiting } = info
  if (isConnected || isKeyChanged || (presence !== 'offline' && waiting === 0)) return null
  return (
    <p class="offline-line" role="status">
      {words.conversation.offline(name, waiting)}
    </p>
  )
}
