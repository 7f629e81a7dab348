import { Emoji, USUAL_REACTIONS } from '@parley/shared/emoji.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useDaemon } from '#parts/context.ts'
import { notify } from '#state/store.ts'
import { words } from '#words/words.ts'
import { myReaction } from './reactions.tsx'

/** A few, and a box for any other: every system has its own way to type them. */
export function EmojiPicker({ message, onDone }: { message: MessageView; onDone: () => void }) {
  const daemon = useDaemon()
  const mine = myReaction(message)
  const [typed, setTyped] = useState('')
  const form = useRef<HTMLFormElement>(null)
  useLayoutEffect(() => form.current?.querySelector('button')?.focus(), [])
  const choose = (emoji: string) => {
    onDone()
    void daemon.react(message, emoji === mine ? undefined : emoji)
  }
  return (
    <form
      ref={form}
      class="picker"
      aria-label={words.message.react}
      onSubmit={(event) => {
        event.preventDefault()
        const emoji = Emoji.safeParse(typed.trim()).data
        if (emoji === undefined) notify(words.message.noEmoji)
        else choose(emoji)
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        onDone()
      }}
    >
      {USUAL_REACTIONS.map(({ emoji }) => (
        <button
          key={emoji}
          type="button"
          class="icon-button emoji"
          aria-pressed={emoji === mine}
          title={emoji === mine ? words.message.takeBack : undefined}
          onClick={() => choose(emoji)}
        >
          {emoji}
        </button>
      ))}
      <input
        type="text"
        class="any-emoji"
        value={typed}
        maxLength={32}
        placeholder="…"
        aria-label={words.message.anyEmoji}
        title={words.message.anyEmoji}
        autocomplete="off"
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
    </form>
  )
}
