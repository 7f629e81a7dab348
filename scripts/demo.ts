// `pnpm demo`: a directory and two peers as real processes on this machine, and what Parley promises, to be seen.
import { parseArgs } from 'node:util'
import { tell } from './running/demo-story.ts'
import { EXIT, messageOf, playDemo } from './running/play-demo.ts'

interface Flags {
  readonly keep: boolean
  readonly browser: boolean
}

const OPTIONS = {
  keep: { type: 'boolean', default: false },
  browser: { type: 'boolean', default: false },
} as const

const USAGE = `usage: pnpm demo [--keep] [--browser]
  --keep     leave everything running until Ctrl-C, to go on by hand
  --browser  show the pages of both on the desktop, and leave everything running

Examples:
  pnpm demo             all of it, and cleaned up, in less than a minute
  pnpm demo --browser   look on, and go on by hand`

function readArgs(args: readonly string[]): Flags | undefined {
  try {
    const { keep, browser } = parseArgs({ args: [...args], options: OPTIONS }).values
    // A page whose peer ends a moment later is none.
    return { keep: keep || browser, browser }
  } catch {
    return undefined
  }
}

async function run({ keep: isKept, browser: isShownInBrowser }: Flags): Promise<number> {
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort())
  return await playDemo((demo) => tell(demo, isShownInBrowser), { isKept, interrupted: interrupt.signal })
}

const flags = readArgs(process.argv.slice(2))
if (flags === undefined) {
  console.error(USAGE)
  process.exitCode = EXIT.usage
} else {
  try {
    process.exitCode = await run(flags)
  } catch (error) {
    console.error(`The demonstration could not make its folder, or not remove it: ${messageOf(error)}`)
    process.exitCode = EXIT.internal
  }
}
