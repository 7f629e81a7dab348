import type { ChangeSettings, Settings } from '@parley/shared/local-api/settings.ts'
import { useEffect, useState } from 'preact/hooks'
import { Avatar } from '#parts/avatar.tsx'
import { useDaemon } from '#parts/context.ts'
import { Dialog } from '#parts/dialog.tsx'
import { notifications, turnNotifications } from '#state/notifications.ts'
import { contacts } from '#state/store.ts'
import { words } from '#words/words.ts'

/** What the peer and this page do by themselves. */
export function SettingsDialog() {
  const daemon = useDaemon()
  const [settings, setSettings] = useState<Settings>()
  useEffect(() => {
    void daemon.attempt(() => daemon.client.settings()).then(setSettings)
  }, [daemon])
  const change = async (to: ChangeSettings) => {
    const changed = await daemon.attempt(() => daemon.client.changeSettings(to))
    if (changed !== undefined) setSettings(changed)
  }
  const { title, notify, readReceipts, typing } = words.settings
  const state = notifications.value
  return (
    <Dialog title={title}>
      <div class="settings">
        <Switch
          label={notify.label}
          about={state === 'denied' || state === 'unsupported' ? notify[state] : notify.about}
          isOn={state === 'on'}
          isDisabled={state === 'denied' || state === 'unsupported'}
          onTurn={(isOn) => void turnNotifications(isOn ? 'on' : 'off')}
        />
        {settings !== undefined && (
          <>
            <Switch {...typing} isOn={settings.typing} onTurn={(isOn) => void change({ typing: isOn })} />
            <Switch
              {...readReceipts}
              isOn={settings.readReceipts}
              onTurn={(isOn) => void change({ readReceipts: isOn })}
            />
          </>
        )}
        <BlockedPeople />
      </div>
    </Dialog>
  )
}

function BlockedPeople() {
  const daemon = useDaemon()
  const blocked = [...contacts.value.values()].filter(({ state }) => state === 'blocked')
  const { title, none } = words.settings.blocked
  return (
    <section class="blocked-people" aria-label={title}>
      <h3>{title}</h3>
      {blocked.length === 0 && <p class="secondary">{none}</p>}
      <ul>
        {blocked.map(({ account, name }) => (
          <li key={account}>
            <Avatar account={account} name={name} size="small" />
            <span class="item-name">{name}</span>
            <button
              type="button"
              class="button"
              aria-label={words.details.unblock(name)}
              onClick={() => void daemon.unblock(account)}
            >
              {words.settings.blocked.unblock}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

interface SwitchProps {
  label: string
  about: string
  isOn: boolean
  isDisabled?: boolean
  onTurn: (isOn: boolean) => void
}

function Switch({ label, about, isOn, isDisabled = false, onTurn }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      class="switch"
      aria-checked={isOn}
      disabled={isDisabled}
      onClick={() => onTurn(!isOn)}
    >
      <span class="switch-text">
        <span>{label}</span>
        <span class="secondary">{about}</span>
      </span>
      <span class="switch-track" aria-hidden="true" />
    </button>
  )
}
