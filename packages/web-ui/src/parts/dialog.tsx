import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
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
  // At once: the next key may be meant for it already.
  useLayoutEffect(() => {
    const dialog = element.current
    dialog?.showModal()
    return () => dialog?.close()
  }, [])
  const mine = useRef(overlay.peek())
  const close = () => {
    // The element gives the focus back itself, and at once: later it might have gone elsewhere already.
    element.current?.close()
    // The event of one that closed must not close the one that was opened since.
    if (overlay.peek() === mine.current) overlay.value = undefined
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the key that does the same is Esc, and the element knows it
    <dialog
      ref={element}
      aria-label={title}
      class={isBare ? 'bare' : ''}
      onCancel={(event) => {
        event.preventDefault()
        close()
      }}
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
