// A real Chromium, as Debian brings it.
import { type Browser, chromium } from 'playwright-core'

export const BROWSER = process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium'

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // A process that draws is one more to start.
  '--in-process-gpu',
]

/** Of what Playwright turns off, what matters here (a second list takes the place of its own), and what starts renderers for pages that may come. */
const WITHOUT = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'MediaRouter',
  'OptimizationHints',
  'PaintHolding',
  'SpareRendererForSitePerProcess',
  'PreloadTopChromeWebUI',
]

export interface LaunchOptions {
  readonly args?: readonly string[]
  /** Features of the browser that are turned off. */
  readonly without?: readonly string[]
}

export function launchBrowser({ args = [], without = [] }: LaunchOptions = {}): Promise<Browser> {
  const disabled = `--disable-features=${[...WITHOUT, ...without].join()}`
  return chromium.launch({ executablePath: BROWSER, args: [...ARGS, disabled, ...args] })
}
