import { MAX_DISPLAY_NAME_CHARS } from '@parley/shared/limits.ts'
import type { Contact } from '@parley/shared/local-api/contacts.ts'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useDaemon } from '#parts/context.ts'
import { IconButton } from '#parts/icon-button.tsx'
import { words } from '#words/words.ts'

/** What a contact is called here; the nickname is changed in the same place. */
export function ContactName({ contact }: { contact: Contact }) {
  const { name, nickname, publicName } = contact
  const [isEditing, setIsEditing] = useState(false)
  const line = useRef<HTMLDivElement>(null)
  const stop = () => {
    setIsEditing(false)
    // The button is there again in the next frame.
    requestAnimationFrame(() => line.current?.querySelector('button')?.focus())
  }
  const { setNickname, changeNickname, nicknameHint } = words.details
  return (
    <>
      <div ref={line} class="card-name">
        {isEditing ? (
          <NicknameBox contact={contact} onDone={stop} />
        ) : (
          <>
            <h3>{name}</h3>
            <IconButton
              icon="edit"
              size={16}
              label={nickname === undefined ? setNickname : changeNickname}
              onClick={() => setIsEditing(true)}
            />
          </>
        )}
      </div>
      {isEditing && (
        <p id="nickname-hint" class="meta">
          {nicknameHint}
        </p>
      )}
      {nickname !== undefined && <p class="meta">{words.details.publicName(publicName)}</p>}
    </>
  )
}

function NicknameBox({ contact: { account, nickname, publicName }, onDone }: { contact: Contact; onDone: () => void }) {
  const daemon = useDaemon()
  const box = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(nickname ?? '')
  useLayoutEffect(() => {
    box.current?.focus()
    box.current?.select()
  }, [])
  const save = async () => {
    const typed = text.trim()
    const isSame = typed === (nickname ?? '')
    if (isSame || (await daemon.setNickname(account, typed === '' ? null : typed))) onDone()
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <input
        ref={box}
        class="field"
        type="text"
        value={text}
        maxLength={MAX_DISPLAY_NAME_CHARS}
        placeholder={publicName}
        aria-label={words.details.nickname}
        aria-describedby="nickname-hint"
        autocomplete="off"
        dir="auto"
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || event.isComposing) return
          event.stopPropagation()
          onDone()
        }}
      />
    </form>
  )
}
