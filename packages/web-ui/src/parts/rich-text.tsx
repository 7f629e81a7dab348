import { useLayoutEffect, useRef } from 'preact/hooks'
import { elementsOf } from '#text/safe-elements.ts'
import { copy } from './copy.ts'

/** A text as it was meant, with nothing in it that runs or loads. */
export function RichText({ text }: { text: string }) {
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const elements = elementsOf(text)
    for (const button of elements.querySelectorAll('.copy-code')) {
      button.addEventListener('click', () => copy(button.parentElement?.querySelector('code')?.textContent ?? ''))
    }
    box.current?.replaceChildren(elements)
  }, [text])
  return <div ref={box} class="rich-text" dir="auto" />
}
