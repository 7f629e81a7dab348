import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { overlay } from '#state/store.ts'
import { words } from '#words/words.ts'
import { IconButton } from './icon-button.tsx'

interface DialogProps {
  /** Its accessible name; shown unless it `isBare`. */
  title: string
  isBare?: boolean
  children: ComponentChildren
}

/** On top of everything, the rest out of reach; Esc and a click beside it close it, and the focus returns. */
export function Dialog({ title, isBare = false, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = element.current
    const before = document.activeElement
    dialog?.showModal()
    return () => {
      dialog?.close()
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  const close = () => {
    overlay.value = undefined
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the key that does the same is Esc, and the element knows it
    <dialog
      ref={element}
      aria-label={title}
      class={isBare ? 'bare' : ''}
      onClose={close}
      onClick={(event) => {
        if (event.target === element.current) close()
      }}
    >
      {!isBare && (
        <header>
          <h2>{title}</h2>
          <IconButton icon="close" label={words.close} onClick={close} />
        </header>
      )}
      {children}
    </dialog>
  )
}
