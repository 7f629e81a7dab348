import type { Contact } from '@parley/shared/local-api/contacts.ts'
import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import type { SafetyNumber as SafetyNumberAnswer } from '@parley/shared/local-api/trust.ts'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Avatar, presenceOf } from '#parts/avatar.tsx'
import { useDaemon } from '#parts/context.ts'
import { Icon } from '#parts/icon.tsx'
import { IconButton } from '#parts/icon-button.tsx'
import { QrCode } from '#parts/qr-code.tsx'
import { contacts, conversation, isDetailsOpen, now, type Partner, peers } from '#state/store.ts'
import { span } from '#text/times.ts'
import { words } from '#words/words.ts'
import { Blocking } from './blocking.tsx'
import { ContactName } from './contact-name.tsx'
import { KeyChangeCard } from './key-change-card.tsx'
import { linkWords } from './link-words.ts'
import { SafetyDigits } from './safety-digits.tsx'

/** Who the other side is: the key, what is known of it, and the devices behind it. */
export function Details({ partner }: { partner: Partner }) {
  const { account, name } = partner
  const info = conversation.value
  const panel = useRef<HTMLElement>(null)
  useLayoutEffect(() => panel.current?.focus(), [])
  const contact = useContact(account, info !== undefined)
  return (
    <aside ref={panel} class="details" aria-label={words.details.label(name)} tabIndex={-1}>
      <header class="page-header">
        <h2 class="page-title">{words.conversation.details}</h2>
        <IconButton
          icon="close"
          label={words.close}
          onClick={() => {
            isDetailsOpen.value = false
          }}
        />
      </header>
      <div class="details-body">
        <div class="card-head">
          <Avatar account={account} name={name} size="large" presence={info && presenceOf(info)} />
          {contact === undefined ? <h3>{name}</h3> : <ContactName contact={contact} />}
          {info !== undefined && !info.isNameVerified && <p class="meta">{words.conversation.selfNamed}</p>}
        </div>
        {info !== undefined && <Key info={info} />}
        <Devices account={account} />
        <section>
          <h3>{words.details.account}</h3>
          <code class="account">{account}</code>
        </section>
        {contact !== undefined && <Blocking contact={contact} />}
      </div>
    </aside>
  )
}

/** Undefined for whoever was only found, and until it is there. */
function useContact(account: string, isKnown: boolean): Contact | undefined {
  const daemon = useDaemon()
  const contact = contacts.value.get(account)
  const isMissing = isKnown && contact === undefined
  useEffect(() => {
    if (isMissing) void daemon.loadContact(account)
  }, [daemon, account, isMissing])
  return contact
}

function Key({ info: { account, name, isKeyChanged, verification } }: { info: ConversationInfo }) {
  if (isKeyChanged) return <KeyChangeCard account={account} name={name} />
  return <Safety key={verification} account={account} name={name} />
}

function Safety({ account, name }: { account: string; name: string }) {
  const daemon = useDaemon()
  const [safety, setSafety] = useState<SafetyNumberAnswer>()
  useEffect(() => {
    void daemon.attempt(() => daemon.client.safetyNumber(account)).then(setSafety)
  }, [daemon, account])
  if (safety === undefined) return null
  const { number, scannable, verification } = safety
  const isVerified = verification === 'verified'
  const set = (work: () => Promise<SafetyNumberAnswer>) => {
    void daemon.attempt(work).then((answer) => {
      if (answer !== undefined) setSafety(answer)
      daemon.refreshSoon()
    })
  }
  return (
    <section>
      <h3>
        {words.details.safetyNumber}
        <span class={`tag ${isVerified ? 'tag-ok' : ''}`}>
          {isVerified && <Icon name="shield" size={14} />}
          {verification === 'none'
            ? words.details.notVerified
            : isVerified
              ? words.details.verified
              : words.details.rotated}
        </span>
      </h3>
      <SafetyDigits number={number} />
      <p class="secondary">{words.details.safetyText(name)}</p>
      <QrCode text={scannable} label={words.details.qr} />
      {isVerified ? (
        <button type="button" class="button" onClick={() => set(() => daemon.client.unverify(account))}>
          {words.details.forget}
        </button>
      ) : (
        <button
          type="button"
          class="button button-main"
          onClick={() => set(() => daemon.client.verify(account, number))}
        >
          {words.details.confirm}
        </button>
      )}
    </section>
  )
}

function Devices({ account }: { account: string }) {
  const devices = peers.value.filter((peer) => peer.account === account)
  return (
    <section>
      <h3>{words.details.connections}</h3>
      {devices.length === 0 && <p class="secondary">{words.details.noDevice}</p>}
      <ul class="devices">
        {devices.map(({ device, link, isKeyChanged }) => (
          <li key={device}>
            <span>{linkWords({ link, isKeyChanged }, now.value)}</span>
            {link.state === 'connected' && (
              <span class="meta">
                {link.address} · {words.network.since.toLowerCase()} {span(now.value - link.since)}
                {link.roundTripMs !== undefined && ` · ${words.network.ms(link.roundTripMs)}`}
              </span>
            )}
            <code class="meta">{device.slice(0, 8)}</code>
          </li>
        ))}
      </ul>
    </section>
  )
}
