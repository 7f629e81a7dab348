import type { ChangeSettings, Settings } from '@parley/shared/local-api/settings.ts'
import { useEffect, useState } from 'preact/hooks'
import { useDaemon } from '#parts/context.ts'
import { Dialog } from '#parts/dialog.tsx'
import { notifications, turnNotifications } from '#state/notifications.ts'
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
      </div>
    </Dialog>
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
