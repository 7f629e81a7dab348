import { status } from '#state/store.ts'
import { words } from '#words/words.ts'

/** Beside the list, as long as no conversation is open. */
export function EmptyPage({ isFirstRun }: { isFirstRun: boolean }) {
  const { none, noneText, welcome, welcomeText, welcomeName } = words.conversation
  const name = status.value?.name ?? ''
  return (
    <div class="empty-page">
      <h1>{isFirstRun ? welcome(name) : none}</h1>
      <p>{isFirstRun ? welcomeText : noneText}</p>
      {isFirstRun && <p class="muted">{welcomeName(name)}</p>}
    </div>
  )
}
