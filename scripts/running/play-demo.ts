import { once } from 'node:events'
import { Demo, paint, show } from './demo.ts'

export const EXIT = { done: 0, usage: 64, internal: 70, interrupted: 130 } as const
const MAX_DEMO_MS = 55_000

interface PlayOptions {
  /** Everything is left running until `interrupted`. */
  readonly isKept: boolean
  /** Aborting it ends everything. */
  readonly interrupted: AbortSignal
}

/** Plays the story, and ends everything that it began. Resolves with the exit code; rejects when there is no folder to be had. */
export async function playDemo(
  tell: (demo: Demo) => Promise<void>,
  { isKept, interrupted }: PlayOptions,
): Promise<number> {
  {
    await using demo = await Demo.open()
    const late = AbortSignal.timeout(MAX_DEMO_MS)
    const ends = [once(interrupted, 'abort'), once(late, 'abort').then(() => tooLate())]
    try {
      await Promise.race([tell(demo), ...ends])
      if (interrupted.aborted) return EXIT.interrupted
    } catch (error) {
      if (interrupted.aborted) return EXIT.interrupted
      console.error(`\n${paint('red', 'This step failed:')} ${demo.step}\n${messageOf(error)}\n\n${demo.report()}`)
      return EXIT.internal
    }
    if (isKept) {
      invite(demo)
      await once(interrupted, 'abort')
      console.log('\nStopping.')
    }
  }
  if (!isKept) conclude()
  return EXIT.done
}

/** How to go on by hand, while everything runs. */
function invite(demo: Demo): void {
  const as = (who: string) => `--profile ${demo.profile(who)}`
  demo.begin('Everything goes on running until Ctrl-C. In another terminal, in this folder:')
  show(`alias parley='npx -y pnpm@12 --silent parley'`)
  show(`parley chat bob ${as('alice')}`)
  show(`parley open ${as('bob')}`)
  show(`parley send bob 'Hello by hand' ${as('alice')}`)
  show(`parley history alice ${as('bob')}`)
  show(`parley status ${as('alice')}`)
  show(`parley peers ${as('bob')}`)
}

/** How to do the same by hand, from nothing. */
function conclude(): void {
  console.log(`\n${paint('bold', 'All of it was seen, and is cleaned up. By hand, one terminal each:')}`)
  show('npx -y pnpm@12 start:directory')
  show('npx -y pnpm@12 start:peer --name alice --directory http://127.0.0.1:5000')
  show('npx -y pnpm@12 start:peer --name bob --directory http://127.0.0.1:5000 --port 8001')
  show(`npx -y pnpm@12 parley send bob 'Hello, Bob.' --name alice`)
  show('npx -y pnpm@12 parley history alice --name bob')
  show('npx -y pnpm@12 parley open --name alice')
  show('npx -y pnpm@12 parley chat bob --name alice')
  show(`${paint('dim', 'Or let this demonstration run on: npx -y pnpm@12 demo --keep')}`)
}

function tooLate(): never {
  throw new Error(
    `the whole was not done after ${MAX_DEMO_MS / 1_000} s, which is usually ten: try again when this machine is less busy`,
  )
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
