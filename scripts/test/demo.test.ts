import { existsSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Demo } from '../running/demo.ts'
import { playDemo } from '../running/play-demo.ts'

// Short stories. The one that `pnpm demo` tells is played to its end in `packages/e2e/test/examples.test.ts`.

let said: readonly string[][] = []

beforeEach(() => {
  said = vi.spyOn(console, 'log').mockImplementation(() => undefined).mock.calls
})

afterEach(() => vi.restoreAllMocks())

/** Whether its folder is there, and the directory that was started in it runs. */
async function isThere(folder: string, url: string): Promise<{ folder: boolean; directory: boolean }> {
  const directory = await fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  )
  return { folder: existsSync(folder), directory }
}

test('the demonstration ends by itself when all was seen, and leaves nothing behind', async () => {
  let [folder, url] = ['', '']
  const tell = async (demo: Demo) => {
    folder = demo.profile('.')
    url = await demo.startDirectory()
    expect(await isThere(folder, url)).toEqual({ folder: true, directory: true })
  }

  expect(await playDemo(tell, { isKept: false, interrupted: new AbortController().signal })).toBe(0)

  expect(await isThere(folder, url)).toEqual({ folder: false, directory: false })
  expect(said.flat().join('\n')).toMatch(/\nAll of it was seen, and is cleaned up\.(.|\n)*pnpm@12 start:directory/)
})

test('the demonstration that is interrupted ends everything that it began', async () => {
  const interrupt = new AbortController()
  let [folder, url] = ['', '']
  const tell = async (demo: Demo) => {
    folder = demo.profile('.')
    url = await demo.startDirectory()
    // The directory runs, and a peer is starting.
    const starting = demo.startPeer('alice', url)
    interrupt.abort()
    await starting
  }

  expect(await playDemo(tell, { isKept: false, interrupted: interrupt.signal })).toBe(130)

  expect(await isThere(folder, url)).toEqual({ folder: false, directory: false })
  expect(said.flat().join('\n')).not.toContain('All of it was seen')
})
