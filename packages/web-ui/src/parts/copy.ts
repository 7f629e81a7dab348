import { spoken } from '#state/store.ts'
import { words } from '#words/words.ts'

/** To the clipboard. Where a browser does not allow it nothing happens: the text can be selected. */
export function copy(text: string): void {
  navigator.clipboard.writeText(text).then(
    () => {
      spoken.value = words.message.copied
    },
    () => undefined,
  )
}
