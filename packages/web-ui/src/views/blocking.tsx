import type { Contact } from '@parley/shared/local-api/contacts.ts'
import { useState } from 'preact/hooks'
import { useDaemon } from '#parts/context.ts'
import { words } from '#words/words.ts'

/** Takes nothing from a contact any more, after a second question, and takes that back. */
export function Blocking({ contact: { account, name, state } }: { contact: Contact }) {
  const daemon = useDaemon()
  const [isAsking, setIsAsking] = useState(false)
  const { blocking, blocked, block, unblock, blockText, blockedText, keepUnblocked } = words.details
  const isBlocked = state === 'blocked'
  const confirm = async () => {
    if (await daemon.block(account)) setIsAsking(false)
  }
  return (
    <section aria-label={blocking}>
      <h3>
        {blocking}
        {isBlocked && <span class="tag">{blocked}</span>}
      </h3>
      {isBlocked ? (
        <>
          <p class="secondary">{blockedText}</p>
          <button type="button" class="button" onClick={() => void daemon.unblock(account)}>
            {unblock(name)}
          </button>
        </>
      ) : isAsking ? (
        <>
          <p class="secondary" role="status">
            {blockText(name)}
          </p>
          <div class="buttons">
            <button type="button" class="button button-danger" onClick={() => void confirm()}>
              {block(name)}
            </button>
            <button type="button" class="button" onClick={() => setIsAsking(false)}>
              {keepUnblocked}
            </button>
          </div>
        </>
      ) : (
        <button type="button" class="button" onClick={() => setIsAsking(true)}>
          {block(name)}
        </button>
      )}
    </section>
  )
}
