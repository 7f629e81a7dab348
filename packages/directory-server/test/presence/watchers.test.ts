import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import type { PresenceChange } from '@parley/shared/directory-api/presence.ts'
import { Name } from '@parley/shared/ids.ts'
import { MAX_CHANGES_PER_FRAME } from '@parley/shared/limits.ts'
import { Watchers } from '#presence/watchers.ts'

class Listener {
  readonly frames: Buffer[] = []

  sendText(frame: Buffer): void {
    this.frames.push(frame)
  }

  get changes(): PresenceChange[][] {
    return this.frames.map((frame) => JSON.parse(frame.toString()).changes)
  }
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

    expect(one.frames).toHaveLength(1)
    expect(one.frames[0]).toBe(two.frames[0])
    expect(other.changes).toEqual([[{ name: 'bob', status: 'offline' }]])
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

    expect(listener.frames).toEqual([])
  })
})
