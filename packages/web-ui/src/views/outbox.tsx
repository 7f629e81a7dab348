import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import type { Why } from '@parley/shared/local-api/messages.ts'
import { useEffect, useState } from 'preact/hooks'
import { Avatar } from '#parts/avatar.tsx'
import { useDaemon } from '#parts/context.ts'
import { openThread } from '#state/navigation.ts'
import { conversations, now } from '#state/store.ts'
import { together } from '#text/attempts.ts'
import { clockTime, exactTime } from '#text/times.ts'
import { words } from '#words/words.ts'

const SHOWN_ATTEMPTS = 4
/** New attempts are looked for so often. */
const LOOK_MS = 5_000
const LOOKED_THROUGH = 100

/** What waits, for whom, and what was tried for the message that waits longest. */
export function Outbox() {
  const waiting = conversations.value.filter((one) => one.waiting > 0)
  return (
    <section>
      <h2>{words.network.outbox}</h2>
      {waiting.length === 0 && <p class="secondary">{words.network.outboxEmpty}</p>}
      <ul class="outbox">
        {waiting.map((one) => (
          <Waiting key={one.account} conversation={one} />
        ))}
      </ul>
    </section>
  )
}

function Waiting({ conversation }: { conversation: ConversationInfo }) {
  const daemon = useDaemon()
  const { account, name, waiting, isConnected } = conversation
  const [why, setWhy] = useState<Why>()
  const step = Math.floor(now.value / LOOK_MS)
  useEffect(() => {
    const look = async () => {
      const { messages } = await daemon.client.history(account, { limit: LOOKED_THROUGH })
      const oldest = messages.findLast(({ state }) => state === 'queued' || state === 'sent')
      setWhy(oldest && (await daemon.client.why(oldest.id)))
    }
    // Whether the daemon is away is told elsewhere.
    look().catch(() => undefined)
  }, [daemon, account, waiting, isConnected, step])
  return (
    <li>
      <button type="button" class="outbox-head" onClick={() => openThread(daemon, { account, name })}>
        <Avatar account={account} name={name} size="small" />
        {words.network.outboxOf(name, waiting)}
      </button>
      {why !== undefined && (
        <div class="outbox-why">
          <p class="secondary">{why.summary}</p>
          <ul>
            {together(why.attempts)
              .slice(0, SHOWN_ATTEMPTS)
              .map(({ attempt: { at, what, outcome, detail }, times }, index) => (
                <li key={`${at} ${index}`} class="meta">
                  <time dateTime={new Date(at).toISOString()} title={exactTime(at)}>
                    {clockTime(at)}
                  </time>{' '}
                  {words.why.attempts[what]}: {outcome === 'ok' ? words.why.ok : (detail ?? outcome)}
                  {times > 1 && ` · ${words.why.times(times)}`}
                </li>
              ))}
          </ul>
        </div>
      )}
    </li>
  )
}
