import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Child } from '#bench/child.ts'

const program = new URL('../support/player.ts', import.meta.url)

function start(args: readonly string[], { signal = new AbortController().signal, patienceMs = 30_000 } = {}) {
  return Child.start({ name: 'player', program, args, signal, patienceMs })
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) throw new TypeError('no process id')
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a child says when it is ready, answers, tells what it used, and ends when it is told to', async () => {
  const { child, ready } = await start(['doubling'])
  await using _ = child
  expect(await child.ask('double', { number: 21 })).toEqual({ number: 42 })
  const { cpuMicros = 0, rssBytes = 0, heapBytes = 0 } = await child.ask('usage')
  expect(Math.min(cpuMicros, rssBytes, heapBytes)).toBeGreaterThan(0)
  await child.end()
  expect(isAlive(ready['pid'])).toBe(false)
})

test('what a child cannot answer ends it, and the asker hears its last words', async () => {
  const { child } = await start(['failing', 'out of luck'])
  await using _ = child
  await expect(child.ask('fail')).rejects.toMatchObject({
    code: 'child-failed',
    message: expect.stringContaining('out of luck'),
  })
  await expect(child.ask('fail')).rejects.toMatchObject({ code: 'child-failed' })
})

test('a question that a child does not know ends it', async () => {
  const { child } = await start(['doubling'])
  await using _ = child
  await expect(child.ask('treble')).rejects.toMatchObject({ message: expect.stringContaining('treble') })
})

test('a child that ends before it is ready could not be started', async () => {
  await expect(start(['never-ready', 'no such disk'])).rejects.toMatchObject({
    code: 'child-failed',
    message: expect.stringMatching(/ended with 3\nno such disk$/),
  })
})

test('a child that does not end in time is killed, and that is not a good end', async () => {
  const { child, ready } = await start(['stubborn'], { patienceMs: 50 })
  await using _ = child
  await expect(child.end()).rejects.toMatchObject({ code: 'child-failed', message: /SIGKILL/ })
  expect(isAlive(ready['pid'])).toBe(false)
})

test('a child that reports a failure when it ends did not end well', async () => {
  const { child } = await start(['ends-badly'])
  await using _ = child
  await expect(child.end()).rejects.toMatchObject({ message: expect.stringContaining('ended with 4') })
})

test('an abort ends a child that is busy', async () => {
  const abort = new AbortController()
  const { child, ready } = await start(['stubborn'], { signal: abort.signal })
  await using _ = child
  const answer = child.ask('nothing')
  abort.abort()
  await expect(answer).rejects.toMatchObject({ code: 'child-failed' })
  await child[Symbol.asyncDispose]()
  expect(isAlive(ready['pid'])).toBe(false)
})

test('a child whose parent is gone ends by itself', async () => {
  const player = spawn(process.execPath, [fileURLToPath(program), 'doubling'], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  await once(player, 'message')
  const ended = once(player, 'exit')
  player.disconnect()
  await ended
  expect(player.exitCode).toBe(1)
})
