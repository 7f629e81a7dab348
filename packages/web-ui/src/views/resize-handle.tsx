import { useEffect, useState } from 'preact/hooks'
import { words } from '#words/words.ts'

const KEY = 'parley-sidebar'
const LEAST = 240
const MOST = 420
const USUAL = 300
const STEP = 20

/** The edge of the list: dragged, or moved with the arrow keys; where it was is remembered. */
export function ResizeHandle() {
  const [width, setWidth] = useState(kept)
  useEffect(() => {
    document.documentElement.style.setProperty('--sidebar-width', `${width}px`)
    localStorage.setItem(KEY, String(width))
  }, [width])
  return (
    // biome-ignore lint/a11y/useSemanticElements: a movable separator is a widget, which <hr> is not
    <div
      class="resize"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={words.sidebar.resize}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      aria-valuenow={width}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) setWidth(within(event.clientX))
      }}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key]
        if (by !== undefined) setWidth(within(width + by))
      }}
      onDblClick={() => setWidth(USUAL)}
    />
  )
}

function kept(): number {
  const number = Number(localStorage.getItem(KEY) ?? USUAL)
  return Number.isFinite(number) ? within(number) : USUAL
}

function within(width: number): number {
  return Math.round(Math.min(MOST, Math.max(LEAST, width)))
}
