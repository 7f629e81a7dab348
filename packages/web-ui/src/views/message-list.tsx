// Only the rows near the window exist as elements; the others are a height. Where the reader looks stays where it is when rows
// come in above, or turn out to be of another height than was thought.
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useDaemon } from '#parts/context.ts'
import { IconButton } from '#parts/icon-button.tsx'
import { jump, now, threadOf } from '#state/store.ts'
import { Heights } from '#text/heights.ts'
import { type Row, rowsOf } from '#text/rows.ts'
import { dayWords, exactTime } from '#text/times.ts'
import { words } from '#words/words.ts'
import { Bubble } from './bubble.tsx'

const USUAL_ROW_PX = 44
/** Beyond the window, on both sides. */
const OVERSCAN_PX = 600
/** So near to the end counts as there. */
const END_PX = 48
/** So near to the beginning older messages are asked for, and so near to the end newer ones. */
const OLDER_PX = 1_200

/** So long the message that was looked for is marked. */
const FOUND_MS = 2_000

interface Anchor {
  readonly key: string
  /** From the top of the row to the top of the window. */
  readonly delta: number
}

export function MessageList({ account, name }: { account: string; name: string }) {
  const daemon = useDaemon()
  const box = useRef<HTMLDivElement>(null)
  const heights = useMemo(() => new Heights(USUAL_ROW_PX), [])
  const anchor = useRef<Anchor | 'end'>('end')
  const [place, setPlace] = useState({ top: Number.MAX_SAFE_INTEGER, height: 0 })
  const [isAtEnd, setIsAtEnd] = useState(true)
  const [, setMeasured] = useState(0)
  const { messages, notes, unreadFrom, older, newer } = threadOf(account)
  const rows = useMemo(() => {
    const all = rowsOf(messages, unreadFrom, notes)
    heights.setRows(all.map(({ key }) => key))
    return all
  }, [messages, notes, unreadFrom, heights])

  const scrolled = () => {
    const list = box.current
    if (list === null) return
    const { scrollTop: top, clientHeight: height, scrollHeight } = list
    const below = scrollHeight - top - height
    const isNowAtEnd = newer === undefined && below <= END_PX
    anchor.current = isNowAtEnd ? 'end' : anchorAt(heights, top)
    setIsAtEnd(isNowAtEnd)
    setPlace({ top, height })
    if (top < OLDER_PX && older !== undefined) void daemon.threads.loadOlder(account)
    if (below < OLDER_PX && newer !== undefined) void daemon.threads.loadNewer(account)
  }

  useLayoutEffect(() => {
    const list = box.current
    if (list !== null) keepPlace(list, heights, anchor.current)
  })

  // Whoever is led to a message sees it a third below the top, marked for a while.
  const target = jump.value?.account === account ? jump.value : undefined
  useLayoutEffect(() => {
    const list = box.current
    if (target === undefined || list === null) return
    if (target.id === undefined) {
      anchor.current = 'end'
      setPlace({ top: Number.MAX_SAFE_INTEGER, height: list.clientHeight })
      jump.value = undefined
      return
    }
    const index = heights.indexOf(target.id)
    if (index === undefined) return
    const delta = -list.clientHeight / 3
    anchor.current = { key: target.id, delta }
    setIsAtEnd(false)
    setPlace({ top: Math.max(0, heights.offsetOf(index) + delta), height: list.clientHeight })
    const timer = setTimeout(() => {
      if (jump.peek() === target) jump.value = undefined
    }, FOUND_MS)
    return () => clearTimeout(timer)
  }, [target, heights])

  const observer = useMemo(
    () =>
      new ResizeObserver((entries) => {
        let isMoved = false
        for (const { target, borderBoxSize } of entries) {
          const key = target instanceof HTMLElement ? target.dataset['key'] : undefined
          const height = borderBoxSize[0]?.blockSize
          if (key !== undefined && height !== undefined && height > 0) isMoved = heights.measure(key, height) || isMoved
        }
        if (isMoved) setMeasured((count) => count + 1)
      }),
    [heights],
  )
  useLayoutEffect(() => {
    const list = box.current
    const resized = new ResizeObserver(() => {
      if (list !== null) keepPlace(list, heights, anchor.current)
      scrolled()
    })
    if (list !== null) resized.observe(list)
    return () => {
      resized.disconnect()
      observer.disconnect()
    }
  }, [heights, observer])

  // What is at the end of an open, visible conversation has been read.
  useLayoutEffect(() => {
    const mark = () => {
      if (isAtEnd && document.visibilityState === 'visible' && document.hasFocus()) void daemon.markRead(account)
    }
    mark()
    addEventListener('focus', mark)
    return () => removeEventListener('focus', mark)
  })

  const top = Math.min(place.top, Math.max(0, heights.total - place.height))
  const first = Math.max(0, heights.indexAt(top - OVERSCAN_PX))
  const last = heights.indexAt(top + place.height + OVERSCAN_PX)
  return (
    <div class="list-place">
      <div
        ref={box}
        class="list"
        role="log"
        aria-live="off"
        aria-label={words.conversation.messages(name)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
        tabIndex={0}
        onScroll={scrolled}
      >
        <div class="rows" style={{ height: `${heights.total}px` }}>
          {rows.slice(first, last + 1).map((row, index) => (
            <Placed key={row.key} row={row} top={heights.offsetOf(first + index)} observer={observer} />
          ))}
        </div>
      </div>
      {!isAtEnd && (
        <IconButton
          icon="down"
          class="to-newest"
          label={words.conversation.toNewest}
          onClick={() => void daemon.threads.toEnd({ account, name })}
        />
      )}
    </div>
  )
}

function Placed({ row, top, observer }: { row: Row; top: number; observer: ResizeObserver }) {
  const element = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const { current } = element
    if (current === null) return
    observer.observe(current)
    return () => observer.unobserve(current)
  }, [observer])
  return (
    <div ref={element} class="row" data-key={row.key} style={{ transform: `translateY(${top}px)` }}>
      <RowContent row={row} />
    </div>
  )
}

function RowContent({ row }: { row: Row }) {
  switch (row.type) {
    case 'day':
      return (
        <h2 class="day">
          <span>{dayWords(row.at, now.value)}</span>
        </h2>
      )
    case 'unread':
      return (
        <p class="unread-line">
          <span>{words.conversation.unreadLine}</span>
        </p>
      )
    case 'note':
      return (
        <p class={`note note-${row.note.level}`} title={exactTime(row.note.at)}>
          <span>{row.note.text}</span>
        </p>
      )
    case 'message':
      return <Bubble message={row.message} isFirst={row.isFirst} isLast={row.isLast} />
  }
}

function anchorAt(heights: Heights, top: number): Anchor | 'end' {
  const index = heights.indexAt(top)
  const key = heights.keyAt(index)
  return key === undefined ? 'end' : { key, delta: top - heights.offsetOf(index) }
}

function keepPlace(list: HTMLElement, heights: Heights, anchor: Anchor | 'end'): void {
  if (anchor === 'end') {
    list.scrollTop = list.scrollHeight
    return
  }
  const index = heights.indexOf(anchor.key)
  if (index === undefined) return
  const wanted = heights.offsetOf(index) + anchor.delta
  if (Math.abs(wanted - list.scrollTop) >= 1) list.scrollTop = wanted
}
