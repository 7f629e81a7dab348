import { useEffect } from 'preact/hooks'
import { DaemonContext } from '#parts/context.ts'
import type { Daemon } from '#state/daemon.ts'
import { showBadge } from '#state/notifications.ts'
import { conversations, hasConversations, isDetailsOpen, overlay, partner, spoken, unread, view } from '#state/store.ts'
import { words } from '#words/words.ts'
import { ConversationPage } from './conversation-page.tsx'
import { Details } from './details.tsx'
import { EmptyPage } from './empty-page.tsx'
import { KeysSheet } from './keys-sheet.tsx'
import { NetworkPage } from './network-page.tsx'
import { LineBanner, Notices } from './notices.tsx'
import { Palette } from './palette.tsx'
import { SettingsDialog } from './settings-dialog.tsx'
import { listenForKeys } from './shortcuts.ts'
import { Sidebar } from './sidebar.tsx'
import { WhyDialog } from './why-dialog.tsx'

export function App({ daemon }: { daemon: Daemon }) {
  useEffect(() => listenForKeys(daemon), [daemon])
  useEffect(() => {
    document.title = unread.value > 0 ? `(${unread.value}) ${words.app}` : words.app
    showBadge(unread.value)
  }, [unread.value])
  const open = view.value
  const areDetailsOpen = isDetailsOpen.value && partner.value !== undefined
  return (
    <DaemonContext.Provider value={daemon}>
      {open.type === 'thread' && (
        <button type="button" class="skip" onClick={() => document.getElementById('composer')?.focus()}>
          {words.skipToComposer}
        </button>
      )}
      <LineBanner />
      <div
        class={`frame ${open.type === 'none' ? 'shows-list' : 'shows-page'} ${areDetailsOpen ? 'shows-details' : ''}`}
      >
        <Sidebar />
        <main class="page">
          {partner.value !== undefined && <ConversationPage key={partner.value.account} partner={partner.value} />}
          {open.type === 'network' && <NetworkPage />}
          {open.type === 'none' && hasConversations.value && (
            <EmptyPage isFirstRun={conversations.value.length === 0} />
          )}
        </main>
        {areDetailsOpen && partner.value !== undefined && (
          <Details key={partner.value.account} partner={partner.value} />
        )}
      </div>
      <Overlay />
      <Notices />
      <p class="visually-hidden" role="status" aria-live="polite">
        {spoken.value}
      </p>
    </DaemonContext.Provider>
  )
}

function Overlay() {
  const top = overlay.value
  switch (top?.type) {
    case undefined:
      return null
    case 'palette':
      return <Palette />
    case 'keys':
      return <KeysSheet />
    case 'settings':
      return <SettingsDialog />
    case 'why':
      return <WhyDialog messageId={top.messageId} />
  }
}
