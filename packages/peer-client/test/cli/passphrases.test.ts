import { EventEmitter } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CliActions, PassphraseSource } from '#cli/actions.ts'
import { askHidden, type RawInput } from '#cli/hidden-input.ts'
import { parleyAt } from '../support/command-line.ts'
import { tempDirectory } from '../support/temp-directory.ts'

/** A terminal as far as typing goes. */
class Keyboard extends EventEmitter implements RawInput {
  isRaw = false

  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw
  }

  resume(): void {}

  pause(): void {}

  type(...keys: readonly string[]): void {
    for (const key of keys) this.emit('data', Buffer.from(key))
  }
}

describe('what is typed unseen', () => {
  test.each([
    [['secret\r'], 'secret'],
    [['s', 'e', 'x', '\u007f', 'c', '\n'], 'sec'],
    [['wrong', '\u0015', 'right\r'], 'right'],
    [['\b', 'pässwörd 🦜', '\b', '\r', 'more'], 'pässwörd '],
  ])('%j is %j', async (keys, expected) => {
    const keyboard = new Keyboard()
    let shown = ''
    const write = (text: string) => {
      shown += text
      return true
    }
    const asked = askHidden(keyboard, { write }, 'Passphrase')
    expect(keyboard.isRaw).toBe(true)
    keyboard.type(...keys)
    expect(await asked).toBe(expected)
    expect(shown).toBe('Passphrase: \n')
    expect([keyboard.isRaw, keyboard.listenerCount('data')]).toEqual([false, 0])
  })

  test('a letter that arrives in pieces is one letter, and Ctrl-C ends it', async () => {
    const keyboard = new Keyboard()
    const errors = { write: () => true }
    const [first, ...rest] = Buffer.from('ä\r')
    const asked = askHidden(keyboard, errors, '')
    keyboard.emit('data', Buffer.of(first ?? 0))
    keyboard.emit('data', Buffer.from(rest))
    expect(await asked).toBe('ä')
    const cancelled = askHidden(keyboard, errors, '')
    keyboard.type('sec', '\u0003')
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled', exitCode: 76 })
    expect(keyboard.isRaw).toBe(false)
  })
})

/** The passphrases that a command would work with. */
function recording() {
  const got: (string | undefined)[] = []
  const take = async (source: PassphraseSource | undefined, which: 'current' | 'fresh') => {
    got.push(await source?.[which]('it'))
  }
  const actions: Partial<CliActions> = {
    init: async ({ passphrase }) => {
      await take(passphrase, 'fresh')
      const isEncrypted = passphrase !== undefined
      return { path: '/p', name: 'alice', displayName: 'Alice', account: 'A'.repeat(43), isEncrypted }
    },
    changePassphrase: async ({ current, next }) => {
      await take(current, 'current')
      await take(next, 'fresh')
      return next === undefined ? 'removed' : 'set'
    },
  }
  return { got, actions }
}

describe('a passphrase', () => {
  test('comes from the file, else from the environment, else from the terminal, where a new one is typed twice', async () => {
    await using directory = await tempDirectory()
    const file = join(directory.path, 'file')
    await writeFile(file, ' from the file \r\n')
    const secrets = { PARLEY_PASSPHRASE: 'from the environment', PARLEY_NEW_PASSPHRASE: '' }
    const { got, actions } = recording()
    const hidden = ['typed', 'typed']
    expect(
      await parleyAt(undefined, ['passphrase', '--passphrase-file', file], { actions, secrets, hidden }),
    ).toMatchObject({ code: 0, out: 'The passphrase is set.\n' })
    const more = { ...secrets, PARLEY_NEW_PASSPHRASE: 'new' }
    expect(await parleyAt(undefined, ['passphrase', '--json'], { actions, secrets: more })).toMatchObject({
      code: 0,
      out: '{"event":"passphrase","state":"set"}\n',
    })
    expect(await parleyAt(undefined, ['passphrase', '--remove'], { actions, secrets })).toMatchObject({
      code: 0,
      err: expect.stringContaining('can read your messages'),
    })
    expect(got).toEqual([' from the file ', 'typed', 'from the environment', 'new', 'from the environment', undefined])
  })

  test('that is not to be had is asked for in words, with 77', async () => {
    const { actions } = recording()
    const asked = (args: readonly string[], more = {}) => parleyAt(undefined, args, { actions, ...more })
    expect(await asked(['init', '--name', 'alice', '--passphrase'])).toMatchObject({
      code: 77,
      err: expect.stringContaining('--passphrase-file FILE or in PARLEY_PASSPHRASE'),
    })
    expect(await asked(['passphrase', '--passphrase-file', '/nowhere'])).toMatchObject({
      code: 74,
      err: expect.stringContaining('/nowhere'),
    })
    const typo = { hidden: ['one of them', 'the other'] }
    expect(await asked(['init', '--name', 'alice', '--passphrase'], typo)).toMatchObject({ code: 64 })
    const both = { secrets: { PARLEY_NEW_PASSPHRASE: 'new' } }
    expect(await asked(['passphrase', '--remove'], both)).toMatchObject({ code: 64 })
  })

  test('is wanted by init when it is asked for or given, and without one init says what that means', async () => {
    const { got, actions } = recording()
    const init = (...more: string[]) => ['init', '--name', 'alice', ...more]
    expect(await parleyAt(undefined, init(), { actions })).toMatchObject({
      code: 0,
      out: expect.stringContaining('readable by whoever gets at it'),
      err: expect.stringContaining('parley passphrase'),
    })
    const typed = { hidden: ['typed twice', 'typed twice'] }
    expect(await parleyAt(undefined, init('--passphrase'), { actions, ...typed })).toMatchObject({
      code: 0,
      out: expect.stringContaining('encrypted with your passphrase'),
    })
    const secrets = { PARLEY_PASSPHRASE: 'from the environment' }
    expect(await parleyAt(undefined, init('--json'), { actions, secrets })).toMatchObject({
      code: 0,
      out: expect.stringContaining('"isEncrypted":true'),
    })
    expect(got).toEqual([undefined, 'typed twice', 'from the environment'])
  })
})
