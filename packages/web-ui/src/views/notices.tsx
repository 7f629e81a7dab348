import { Icon } from '#parts/icon.tsx'
import { IconButton } from '#parts/icon-button.tsx'
import { dismiss, line, notices } from '#state/store.ts'
import { words } from '#words/words.ts'

/** While the daemon is away. */
export function LineBanner() {
  if (line.value !== 'lost') return null
  return (
    <div class="banner line-banner" role="alert">
      <Icon name="warn" />
      <p>
        {words.line.lost} <span class="muted">{words.line.start}</span>
      </p>
    </div>
  )
}

/** What could not be done, and why; each goes by itself. */
export function Notices() {
  return (
    <div class="notices" aria-live="assertive">
      {notices.value.map(({ id, text, code }) => (
        <div key={id} class="notice">
          <p>
            {text}
            {code !== undefined && <small>{words.problem(code)}</small>}
          </p>
          <IconButton icon="close" label={words.close} onClick={() => dismiss(id)} size={16} />
        </div>
      ))}
    </div>
  )
}
