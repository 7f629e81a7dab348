import { chromium, type Page } from 'playwright-core'
import { quantile } from '#bench/statistics.ts'
import type { Home } from './home.ts'

export interface Looks {
  readonly startMs: number
  readonly openMs: number
  readonly frameP50Ms: number
  readonly frameP99Ms: number
  /** Rows that existed at the same time. */
  readonly elements: number
  readonly scrolled: number
  readonly jumpMs: number
  readonly heapMiB: number
}

const CHROMIUM = process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium'
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
  '--enable-precise-memory-info',
]
const FRAMES = 600
/** As a wheel turns quickly. */
const STEP_PX = 120
const MIB = 1024 * 1024
const PATIENCE_MS = 300_000

/** In a browser of its own, which sees the page for the first time. */
export async function lookAt({ client, messages }: Home): Promise<Looks> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS })
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    page.setDefaultTimeout(PATIENCE_MS)
    // The page is built when it is first asked for: that is the daemon's, once for each version.
    const { url: first } = await client.signInLink()
    await page.goto(first)
    await page.getByRole('navigation').waitFor()
    const { url } = await client.signInLink()
    await page.goto('about:blank')
    const startMs = await timed(async () => {
      await page.goto(url)
      await page.getByRole('button', { name: /bob/ }).first().waitFor()
    })
    const openMs = await timed(async () => {
      await page.getByRole('button', { name: /bob/ }).first().click()
      await page.getByText(`number ${messages}.`).first().waitFor()
    })
    const { frames, elements, first: top } = await scroll(page)
    await page.getByRole('textbox', { name: 'Search' }).fill('"number 1"')
    const hit = page.getByRole('region', { name: 'Messages' }).getByRole('button')
    await hit.first().waitFor()
    const jumpMs = await timed(async () => {
      await hit.last().click()
      await page.locator('.is-found').waitFor()
    })
    const heapMiB = (await page.evaluate<number>('performance.memory.usedJSHeapSize')) / MIB
    return {
      startMs,
      openMs,
      frameP50Ms: quantile(frames, 0.5),
      frameP99Ms: quantile(frames, 0.99),
      elements,
      scrolled: messages - top,
      jumpMs,
      heapMiB,
    }
  } finally {
    await browser.close()
  }
}

interface Scrolled {
  readonly frames: number[]
  readonly elements: number
  /** The number of the first message in sight in the end. */
  readonly first: number
}

/** Backwards, some lines with each frame; older messages are loaded on the way. */
function scroll(page: Page): Promise<Scrolled> {
  return page.evaluate<Scrolled>(`(async () => {
    const list = document.querySelector('.list')
    const frames = []
    let elements = 0
    let before = await new Promise(requestAnimationFrame)
    for (let n = 0; n < ${FRAMES}; n += 1) {
      list.scrollTop -= ${STEP_PX}
      const now = await new Promise(requestAnimationFrame)
      frames.push(now - before)
      before = now
      elements = Math.max(elements, list.querySelectorAll('.row').length)
    }
    const numbers = [...list.querySelectorAll('.row')].map((row) => Number(/number (\\d+)\\./.exec(row.textContent)?.[1]))
    return { frames, elements, first: Math.min(...numbers.filter(Number.isFinite)) }
  })()`)
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}
