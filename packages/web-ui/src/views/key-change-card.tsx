import type { AcceptedKey, KeyChange } from '@parley/shared/local-api/trust.ts'
import { useEffect, useState } from 'preact/hooks'
import { useDaemon } from '#parts/context.ts'
import { Icon } from '#parts/icon.tsx'
import { openThread } from '#state/navigation.ts'
import { notify } from '#state/store.ts'
import { words } from '#words/words.ts'
import { SafetyDigits } from './safety-digits.tsx'

/** Another key is offered for a contact. Nothing goes to it until the user has chosen. */
export function KeyChangeCard({ account, name }: { account: string; name: string }) {
  const daemon = useDaemon()
  const [change, setChange] = useState<KeyChange>()
  const [isChoosing, setIsChoosing] = useState(false)
  useEffect(() => {
    void daemon.attempt(() => daemon.client.keyChange(account)).then(setChange)
  }, [daemon, account])
  if (change === undefined) return null
  const { kind, offered, waiting } = change
  const choose = async (work: () => Promise<AcceptedKey>, said: (sent: number) => string) => {
    setIsChoosing(true)
    const result = await daemon.attempt(work)
    setIsChoosing(false)
    if (result === undefined) return
    notify(said(result.sent))
    daemon.refreshSoon()
    // The name may mean another account from now on.
    openThread(daemon, result)
  }
  return (
    <section class="key-change">
      <h3 class="warn">
        <Icon name="warn" size={16} />
        {words.details.keyChange}
      </h3>
      <p class="secondary">{words.details.keyChangeText(name, kind, waiting)}</p>
      <SafetyDigits number={offered.number} />
      <button
        type="button"
        class="button button-main"
        disabled={isChoosing}
        onClick={() => void choose(() => daemon.client.refuseKey(account, offered.key), words.details.refused)}
      >
        {words.details.refuse}
      </button>
      <button
        type="button"
        class="button"
        disabled={isChoosing}
        onClick={() => void choose(() => daemon.client.acceptKey(account, offered.key), words.details.accepted)}
      >
        {words.details.accept}
      </button>
    </section>
  )
}
