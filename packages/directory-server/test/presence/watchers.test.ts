import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PresenceChange } from '@parley/shared/directory-api/presence.ts'
import { Name } from '@parley/shared/ids.ts'
import { MAX_CHANGES_PER_FRAME } from '@parley/shared/limits.ts'
import { describe, expect, test } from 'vitest'
import { Watchers } from '#presence/watchers.ts'

class Listener {
  readonly writes: Buffer[] = []

  sendFrames(frames: Buffer): void {
    this.writes.push(frames)
  }

  get changes(): PresenceChange[][] {
    return this.writes.flatMap(textsOf).map((text) => JSON.parse(text).changes)
  }
}

/** The texts of whole frames, as RFC 6455 section 5.2 has them. */
function textsOf(frames: Buffer): string[] {
  const texts: string[] = []
  for (let at = 0; at < frames.length; ) {
    expect(frames[at]).toBe(0x81)
    const short = frames.readUInt8(at + 1)
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
    const long = () => (short === 126 ? frames.readUInt16BE(at + 2) : Number(frames.readBigUInt64BE(at + 2)))
    at = start + (short < 126 ? short : long())
    texts.push(frames.toString('utf8', start, at))
  }
  return texts
}

const alice = Name.parse('alice')
const bob = Name.parse('bob')

function watchersOf(states: Map<Name, PresenceChange['status']>): Watchers {
  return new Watchers({
    stateOf: (name) => ({ name, status: states.get(name) ?? 'offline' }),
    failed: (error) => {
      throw error
    },
  })
}

describe('watchers', () => {
  test('hear all changes of one turn in one frame, as they are at its end', async () => {
    const states = new Map<Name, PresenceChange['status']>()
    const watchers = watchersOf(states)
    const listener = new Listener()
    watchers.add(listener, alice)
    watchers.add(listener, bob)

    states.set(alice, 'online')
    watchers.announce([alice])
    states.set(alice, 'offline')
    states.set(bob, 'online')
    watchers.announce([alice, bob])
    await nextTurn()

    expect(listener.changes).toEqual([
      [
        { name: 'alice', status: 'offline' },
        { name: 'bob', status: 'online' },
      ],
    ])
  })

  test('share one encoded frame when they watch the same', async () => {
    const watchers = watchersOf(new Map())
    const [one, two, other] = [new Listener(), new Listener(), new Listener()]
    for (const listener of [one, two]) {
      watchers.add(listener, alice)
      watchers.add(listener, bob)
    }
    watchers.add(other, bob)

    watchers.announce([alice, bob])
    await nextTurn()

    expect(one.writes).toHaveLength(1)
    expect(one.writes[0]).toBe(two.writes[0])
    expect(other.changes).toEqual([[{ name: 'bob', status: 'offline' }]])
  })

  test('are told what each of them watches, and those who watch the same share it', async () => {
    const watchers = watchersOf(new Map())
    const names = ['a', 'b', 'c', 'd'].map((name) => Name.parse(name))
    const listeners = Array.from({ length: 32 }, () => new Listener())
    const watches = (listener: number, name: number) => (listener & (1 << name)) !== 0
    listeners.forEach((listener, number) => {
      names.forEach((name, place) => {
        if (watches(number, place)) watchers.add(listener, name)
      })
    })

    watchers.announce(names)
    await nextTurn()

    listeners.forEach((listener, number) => {
      const told = listener.changes.flat().map(({ name }) => name)
      expect(told).toEqual(names.filter((_, place) => watches(number, place)))
      expect(listener.writes[0]).toBe(listeners[number % 16]?.writes[0])
    })
  })

  test('get no frame with more changes than a frame may have', async () => {
    const watchers = watchersOf(new Map())
    const listener = new Listener()
    const names = Array.from({ length: MAX_CHANGES_PER_FRAME + 1 }, (_, index) => Name.parse(`user${index}`))
    for (const name of names) watchers.add(listener, name)

    watchers.announce(names)
    await nextTurn()

    expect(listener.changes.map((changes) => changes.length)).toEqual([MAX_CHANGES_PER_FRAME, 1])
  })

  test('hear nothing of names that they do not watch, and nothing after the stop', async () => {
    const watchers = watchersOf(new Map())
    const listener = new Listener()
    watchers.add(listener, alice)
    watchers.remove(listener, alice)
    watchers.add(listener, bob)

    watchers.announce([alice])
    await nextTurn()
    watchers.announce([bob])
    watchers.stop()
    watchers.announce([bob])
    await nextTurn()

    expect(listener.writes).toEqual([])
  })
})
