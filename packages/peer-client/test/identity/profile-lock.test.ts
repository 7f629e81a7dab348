import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ProfileLock } from '#identity/profile-lock.ts'
import { tempDirectory } from '../support/temp-directory.ts'

/** A process that tried to take the lock; `said` is `locked` or the code of the error it met. */
async function holder(directory: string) {
  const script = fileURLToPath(new URL('lock-holder.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const [said] = await once(child.stdout.setEncoding('utf8'), 'data')
  return {
    said: String(said).trim(),
    async end(signal?: NodeJS.Signals) {
      if (signal === undefined) child.stdin.end()
      else child.kill(signal)
      await exited
    },
  }
}

test('a second process is told that the profile is in use, and gets it once the first has ended', async () => {
  await using directory = await tempDirectory()
  const first = await holder(directory.path)
  expect(first.said).toBe('locked')
  const second = await holder(directory.path)
  expect(second.said).toBe('profile-in-use')
  await second.end()
  expect(() => new ProfileLock(directory.path)).toThrow(expect.objectContaining({ code: 'profile-in-use' }))
  await first.end()
  new ProfileLock(directory.path).release()
})

test('kill -9 frees the lock', async () => {
  await using directory = await tempDirectory()
  for (let round = 0; round < 3; round += 1) {
    const victim = await holder(directory.path)
    expect(victim.said).toBe('locked')
    expect(() => new ProfileLock(directory.path)).toThrow(expect.objectContaining({ code: 'profile-in-use' }))
    await victim.end('SIGKILL')
    using lock = new ProfileLock(directory.path)
    const shutOut = await holder(directory.path)
    expect(shutOut.said).toBe('profile-in-use')
    await shutOut.end()
    lock.release()
  }
})

test('the lock holds inside one process too, its file is private, and releasing twice is safe', async () => {
  await using directory = await tempDirectory()
  const lock = new ProfileLock(directory.path)
  expect(() => new ProfileLock(directory.path)).toThrow(expect.objectContaining({ code: 'profile-in-use' }))
  expect((await stat(join(directory.path, 'profile.lock'))).mode & 0o777).toBe(0o600)
  lock.release()
  lock.release()
  using again = new ProfileLock(directory.path)
  expect(again).toBeInstanceOf(ProfileLock)
})
