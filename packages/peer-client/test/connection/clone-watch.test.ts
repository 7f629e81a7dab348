import { DeviceKey } from '@parley/shared/ids.ts'
import { CLONE_WINDOW_MS } from '@parley/shared/limits.ts'
import { expect, test } from 'vitest'
import { CloneWatch } from '#connection/clone-watch.ts'

const DEVICE = DeviceKey.parse(Buffer.alloc(32, 7).toString('base64url'))
const boots = [1, 2, 3, 4, 5, 6].map((byte) => Buffer.alloc(16, byte))

/** Whether the last of these hellos shows that a profile is used twice; each names its `boot`, and how long after the one before it came. */
function verdicts(hellos: readonly (readonly [boot: number, afterMs?: number])[]): boolean[] {
  let now = 0
  const watch = new CloneWatch(() => now)
  return hellos.map(([boot, afterMs = 1_000]) => {
    now += afterMs
    return watch.takesTurns(DEVICE, boots[boot] ?? Buffer.alloc(16))
  })
}

test('two processes that take turns three times are a copy', () => {
  expect(verdicts([[0], [1], [0], [1]])).toEqual([false, false, false, true])
})

test('it does not matter how often each of them says hello meanwhile', () => {
  expect(verdicts([[0], [0], [1], [1], [1], [0], [1]]).at(-1)).toBe(true)
})

test('a process that is started again and again is none, and neither is one that comes back once', () => {
  expect(verdicts([[0], [1], [2], [3], [4], [5]])).not.toContain(true)
  expect(verdicts([[0], [1], [0], [2], [0]])).not.toContain(true)
})

test('turns of long ago do not count', () => {
  expect(verdicts([[0], [1], [0, CLONE_WINDOW_MS], [1, 2_000]])).not.toContain(true)
})
