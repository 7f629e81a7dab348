import type { DirectoryState } from '@parley/shared/local-api/status.ts'
import { status } from '#state/store.ts'
import { words } from '#words/words.ts'

/** Beside the list, as long as no conversation is open. */
export function EmptyPage({ isFirstRun }: { isFirstRun: boolean }) {
  const { none, noneText, welcome, welcomeText } = words.conversation
  const name = status.value?.name ?? ''
  return (
    <div class="empty-page">
      <h1>{isFirstRun ? welcome(name) : none}</h1>
      <p>{isFirstRun ? welcomeText : noneText}</p>
      {isFirstRun && <p class="muted">{foundAs(name, status.value?.directory)}</p>}
    </div>
  )
}

/** Nothing as long as it is not known. */
function foundAs(name: string, directory: DirectoryState | undefined): string {
  if (directory?.state === 'online') return words.conversation.welcomeName(name)
  return directory?.state === 'waiting' ? words.conversation.welcomeUnknown(directory.lastError) : ''
}
