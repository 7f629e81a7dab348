import type { Why } from '@parley/shared/local-api/messages.ts'
import { useEffect, useState } from 'preact/hooks'
import { useDaemon } from '#parts/context.ts'
import { Dialog } from '#parts/dialog.tsx'
import { StateShape, shownState } from '#parts/state-shape.tsx'
import { overlay, threadOf } from '#state/store.ts'
import { together } from '#text/attempts.ts'
import { clockTime, exactTime } from '#text/times.ts'
import { words } from '#words/words.ts'

/** Where a message is, what happens next, and what was tried: the newest on top. */
export function WhyDialog({ messageId }: { messageId: string }) {
  const daemon = useDaemon()
  const [why, setWhy] = useState<Why>()
  const account = why?.message.account
  // Asked again when the message changes while the dialog is open.
  const stateNow = account && threadOf(account).messages.find(({ id }) => id === messageId)?.state
  useEffect(() => {
    void daemon
      .attempt(() => daemon.client.why(messageId))
      .then((answer) => {
        if (answer === undefined) overlay.value = undefined
        else setWhy(answer)
      })
  }, [daemon, messageId, stateNow])
  return <Dialog title={words.why.title}>{why === undefined ? <p class="muted">…</p> : <Timeline why={why} />}</Dialog>
}

function Timeline({ why: { message, summary, next, attempts } }: { why: Why }) {
  const state = shownState(message)
  return (
    <div class="why">
      <p class="summary">
        {state !== undefined && <StateShape state={state} />} {summary}
      </p>
      {next !== '' && (
        <p>
          <span class="meta">{words.why.next}</span> {next}
        </p>
      )}
      <h3>{words.why.tried}</h3>
      {attempts.length === 0 && <p class="muted">{words.why.nothing}</p>}
      <ol>
        {together(attempts).map(({ attempt: { at, what, path, outcome, detail }, times }, index) => (
          <li key={`${at} ${index}`}>
            <time dateTime={new Date(at).toISOString()} title={exactTime(at)}>
              {clockTime(at)}
            </time>
            <span>
              {words.why.attempts[what]}
              {path !== undefined && ` ${path}`}
              {outcome === 'ok' ? `: ${words.why.ok}` : detail === undefined && `: ${outcome}`}
              {times > 1 && <span class="muted"> · {words.why.times(times)}</span>}
              {detail !== undefined && <small>{detail}</small>}
            </span>
          </li>
        ))}
      </ol>
    </div>
  )
}
