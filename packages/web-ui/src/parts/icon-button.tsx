import type { Ref } from 'preact'
import { Icon, type IconName } from './icon.tsx'

interface IconButtonProps {
  icon: IconName
  /** Its accessible name, and its tooltip. */
  label: string
  onClick: () => void
  isPressed?: boolean
  isDisabled?: boolean
  class?: string
  size?: number
  buttonRef?: Ref<HTMLButtonElement>
}

export function IconButton({
  icon,
  label,
  onClick,
  isPressed,
  isDisabled,
  class: name,
  size,
  buttonRef,
}: IconButtonProps) {
  return (
    <button
      type="button"
      class={`icon-button ${name ?? ''}`}
      aria-label={label}
      title={label}
      aria-pressed={isPressed}
      disabled={isDisabled}
      onClick={onClick}
      {...(buttonRef !== undefined && { ref: buttonRef })}
    >
      <Icon name={icon} {...(size !== undefined && { size })} />
    </button>
  )
}
