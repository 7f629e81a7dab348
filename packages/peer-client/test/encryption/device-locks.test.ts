import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { DeviceLocks } from '#encryption/device-locks.ts'
import { codeOf, introduce, TestDevice } from './device.ts'

test('a hundred seals at once, each under the lock, all open', async () => {
  using alice = new TestDevice()
  using bob = new TestDevice()
  await introduce(alice, bob)
  const locks = new DeviceLocks()
  const numbers = Array.from({ length: 100 }, (_, n) => n)
  const sealed = await Promise.all(numbers.map((n) => locks.run(bob.device, () => alice.seal(bob, String(n)))))
  for (const [n, bytes] of sealed.entries()) expect((await bob.open(alice, bytes)).text).toBe(String(n))
})

test('work for one device runs in the order in which it was asked for, one at a time', async () => {
  using bob = new TestDevice()
  const locks = new DeviceLocks()
  const log: string[] = []
  await Promise.all(
    [1, 2, 3].map((n) =>
      locks.run(bob.device, async () => {
        log.push(`begin ${n}`)
        await setImmediate()
        log.push(`end ${n}`)
      }),
    ),
  )
  expect(log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3'])
})

test('work for another device does not wait', async () => {
  using bob = new TestDevice()
  using carol = new TestDevice()
  const locks = new DeviceLocks()
  const { promise, resolve } = Promise.withResolvers<void>()
  const slow = locks.run(bob.device, () => promise)
  expect(await locks.run(carol.device, () => Promise.resolve('done'))).toBe('done')
  expect(locks.isFree(carol.device)).toBe(true)
  expect(locks.isFree(bob.device)).toBe(false)
  resolve()
  await slow
  expect(locks.isFree(bob.device)).toBe(true)
})

test('work that fails frees the lock for the next', async () => {
  using bob = new TestDevice()
  const locks = new DeviceLocks()
  const failing = locks.run(bob.device, () => Promise.reject(new RangeError('no')))
  const next = locks.run(bob.device, () => Promise.resolve('next'))
  await expect(failing).rejects.toThrow(RangeError)
  expect(await next).toBe('next')
  expect(locks.isFree(bob.device)).toBe(true)
})

test('work beyond the maximum is refused, and what waits is not disturbed', async () => {
  using bob = new TestDevice()
  const locks = new DeviceLocks({ maxWaiting: 1 })
  const { promise, resolve } = Promise.withResolvers<void>()
  const running = locks.run(bob.device, () => promise)
  const waiting = locks.run(bob.device, () => Promise.resolve('waited'))
  expect(await codeOf(locks.run(bob.device, () => Promise.resolve()))).toBe('busy')
  resolve()
  await running
  expect(await waiting).toBe('waited')
})
