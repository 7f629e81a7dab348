import { MAX_TEXT_BYTES } from '@parley/shared/limits.ts'
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useDaemon } from '#parts/context.ts'
import { IconButton } from '#parts/icon-button.tsx'
import { type Composing, composing, notify, partner as open, overlay, type Partner, threadOf } from '#state/store.ts'
import { plainLine } from '#text/markdown.ts'
import { words } from '#words/words.ts'

/** Enter sends. What is typed is kept from the first letter on, until it is sent. */
export function Composer({ partner }: { partner: Partner }) {
  const daemon = useDaemon()
  const { account, name } = partner
  const box = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState(() => daemon.drafts.text(account))
  const [isSending, setIsSending] = useState(false)
  const about = composing.value?.account === account ? composing.value : undefined
  const edited = about?.type === 'edit' ? about.message : undefined

  // What a key brings about is there before the next key comes: the next one is meant for it.
  useLayoutEffect(() => {
    // On a phone the keyboard would cover what one came to read.
    if (matchMedia('(pointer: fine)').matches) box.current?.focus()
  }, [])
  const resumed = useRef<Composing | undefined>(undefined)
  useLayoutEffect(() => {
    if (edited !== undefined) setText(edited.text)
    if (about?.type === 'answer') daemon.drafts.setAnswered(account, about.message.id)
    if (about !== undefined && about !== resumed.current) box.current?.focus()
  }, [daemon, account, edited, about])
  const resume = useCallback(async () => {
    const answered = daemon.drafts.answered(account)
    const message = answered === undefined ? undefined : await daemon.client.message(answered).catch(() => undefined)
    // Somebody may have gone elsewhere, or begun something else meanwhile.
    const isFree = open.peek()?.account === account && composing.peek() === undefined
    if (message === undefined || message.deleted !== undefined || !isFree) return
    resumed.current = { type: 'answer', account, message }
    composing.value = resumed.current
  }, [daemon, account])
  useEffect(() => void resume(), [resume])
  useLayoutEffect(() => {
    if (box.current !== null) grow(box.current)
  }, [text])

  const type = (typed: string) => {
    setText(typed)
    if (edited !== undefined) return
    daemon.drafts.setText(account, typed)
    if (typed.trim() !== '') daemon.tellTyping(account)
  }
  const stop = () => {
    composing.value = undefined
    setText(daemon.drafts.text(account))
    if (about?.type === 'answer') daemon.drafts.setAnswered(account, undefined)
    else void resume()
  }
  const submit = async () => {
    const typed = text.trim()
    if (typed === '' || isSending) return
    if (new TextEncoder().encode(typed).length > MAX_TEXT_BYTES) {
      notify(words.composer.tooLong(MAX_TEXT_BYTES / 1024), 'too-large')
      return
    }
    setIsSending(true)
    if (edited === undefined) {
      // Gone from the box at once; back in it, if it could not be kept.
      setText('')
      if (await daemon.send(partner, typed, about?.message.id)) {
        daemon.drafts.setText(account, box.current?.value ?? '')
        if (daemon.drafts.answered(account) === about?.message.id) daemon.drafts.setAnswered(account, undefined)
        if (composing.value === about) composing.value = undefined
      } else {
        setText((since) => (since === '' ? typed : `${typed}\n${since}`))
      }
    } else if (typed === edited.text || (await daemon.edit(edited, typed))) {
      stop()
    }
    setIsSending(false)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      void submit()
    } else if (event.key === 'Escape' && about !== undefined && overlay.value === undefined) {
      event.stopPropagation()
      stop()
    } else if (event.key === 'ArrowUp' && !event.altKey && text === '') {
      const last = threadOf(account).messages.findLast(
        ({ direction, kind, deleted, state }) =>
          direction === 'out' && kind === 'text' && deleted === undefined && state !== 'cancelled',
      )
      if (last === undefined) return
      event.preventDefault()
      composing.value = { type: 'edit', account, message: last }
    }
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <div class="composer-box">
        {about !== undefined && <About about={about} onStop={stop} />}
        <textarea
          ref={box}
          id="composer"
          rows={1}
          value={text}
          dir="auto"
          placeholder={words.composer.placeholder(name)}
          aria-label={words.composer.label(name)}
          title={words.composer.hint}
          onInput={({ currentTarget }) => type(currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <IconButton
          icon={edited === undefined ? 'send' : 'check'}
          class="send"
          label={edited === undefined ? words.composer.send : words.composer.save}
          isDisabled={text.trim() === ''}
          onClick={() => void submit()}
        />
      </div>
    </form>
  )
}

/** What the words below are for. */
function About({ about: { type, message }, onStop }: { about: Composing; onStop: () => void }) {
  const { editing, stopEditing, answering, answeringMyself, stopAnswering } = words.composer
  const isEdit = type === 'edit'
  const answer = message.direction === 'out' ? answeringMyself : answering(message.with)
  return (
    <div class="composer-about">
      <p>
        <span class="composer-about-what">{isEdit ? editing : answer}</span>
        {!isEdit && <span class="quote-text">{plainLine(message.text)}</span>}
      </p>
      <IconButton icon="close" size={16} label={isEdit ? stopEditing : stopAnswering} onClick={onStop} />
    </div>
  )
}

/** As high as its text; the style sheet says how many lines are the most. */
function grow(box: HTMLTextAreaElement): void {
  box.style.height = 'auto'
  box.style.height = `${box.scrollHeight}px`
}
