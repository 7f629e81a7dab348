import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { MAX_HELLO_BYTES } from '@parley/shared/limits.ts'
import { AccountRecord } from '@parley/shared/signed/account-record.ts'
import { type Jws, readObject } from '@parley/shared/signed/jws.ts'
import { decodeFrame, FrameReader } from '@parley/shared/wire/frame-reader.ts'
import { encodeFrame, type Frame, TYPE } from '@parley/shared/wire/frames.ts'
import { z } from 'zod'
import { PeerProgram } from '#peer-program.ts'
import { onStage, type Stage } from '#stage.ts'
import { dialPlainly, dialWithTls, makeStranger, untilClosed } from '#stranger.ts'

function framesIn(bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  new FrameReader((body) => {
    const frame = decodeFrame(body)
    if (frame !== undefined) frames.push(frame)
  }).push(bytes)
  return frames
}

/** After TLS as a stranger with a certificate of their own: what the daemon says to these bytes until it ends the link. */
async function say(port: number, bytes: Uint8Array): Promise<Frame[]> {
  const socket = await dialWithTls(port, (await makeStranger()).tls)
  socket.write(bytes)
  return framesIn(await untilClosed(socket))
}

/** The head of a frame that announces so many bytes. */
function announcing(bytes: number): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(bytes)
  return head
}

/** What a directory tells everybody about a name. */
async function certificateOf(name: string, directory: string): Promise<Jws> {
  const answer = z.object({ record: z.string() }).parse(await (await fetch(`${directory}/v1/users/${name}`)).json())
  const [certificate] = readObject('parley-record+jws', AccountRecord, answer.record).devices
  if (certificate === undefined) throw new Error(`${name} has no device`)
  return certificate
}

async function stillServes(stage: Stage, alice: PeerProgram, pid: number, directory: string): Promise<void> {
  const friend = await PeerProgram.start(stage, { name: 'friend', directory })
  await friend.say('alice', 'All well?')
  expect(alice.program.pid).toBe(pid)
  expect(alice.program.isRunning).toBe(true)
  expect(alice.program.stderr).not.toMatch(/uncaught|unhandled|"level":(?:50|60)/i)
}

test(
  'whatever comes to the port of a peer, it lives, and a friend gets through',
  onStage(async (stage) => {
    const { url: directory } = await stage.directory()
    const alice = await PeerProgram.start(stage, { name: 'alice', directory })
    const { port } = alice
    const { pid } = alice.program
    const { tls } = await makeStranger()

    // Silent ones stay while everything else happens.
    const silent = await Promise.all([
      dialPlainly(port),
      dialPlainly(port),
      dialWithTls(port, tls),
      dialWithTls(port, tls),
    ])

    for (const bytes of [
      randomBytes(4_096),
      Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
      Buffer.alloc(64),
    ]) {
      const socket = await dialPlainly(port)
      socket.write(bytes)
      await untilClosed(socket)
    }
    const gone = await dialPlainly(port)
    gone.resetAndDestroy()

    await expect(dialWithTls(port, { ...tls, maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' })).rejects.toThrow(
      /version/i,
    )
    await expect(dialWithTls(port, { ...tls, ALPNProtocols: ['h2'] })).rejects.toThrow()
    const unmarked = await dialWithTls(port, { ...tls, ALPNProtocols: [] })
    expect(framesIn(await untilClosed(unmarked))).toEqual([])
    const anonymous = await dialWithTls(port, { ALPNProtocols: ['parley/1'], rejectUnauthorized: false })
    expect(framesIn(await untilClosed(anonymous))).toEqual([])

    for (const socket of silent) socket.destroy()
    await stillServes(stage, alice, pid, directory)
  }),
)

test(
  'a hello that is too long, cut off, malformed or borrowed ends only its own link',
  onStage(async (stage) => {
    const { url: directory } = await stage.directory()
    const [alice, bob] = await Promise.all([
      PeerProgram.start(stage, { name: 'alice', directory }),
      PeerProgram.start(stage, { name: 'bob', directory }),
    ])
    const { port } = alice
    const { pid } = alice.program
    const stranger = await makeStranger()
    const hello = stranger.hello()
    const borrowed = stranger.hello(await certificateOf('bob', directory))
    const nested = Buffer.concat([Buffer.alloc(200, 0x81), Buffer.of(0x00)])

    const hostile: readonly Uint8Array[] = [
      announcing(MAX_HELLO_BYTES + 1),
      announcing(0xff_ff_ff_ff),
      announcing(0),
      Buffer.concat([announcing(64), randomBytes(64)]),
      Buffer.concat([announcing(nested.length), nested]),
      encodeFrame({ type: TYPE.ping }),
      borrowed,
    ]
    for (const bytes of hostile) {
      const frames = await say(port, bytes)
      expect(frames).toMatchObject([{ type: TYPE.bye, reason: 'bad-hello' }])
    }
    const cut = await dialWithTls(port, stranger.tls)
    cut.end(hello.subarray(0, 40))
    expect(framesIn(await untilClosed(cut)).map(({ type }) => type)).not.toContain(TYPE.hello)

    // Somebody who knows how is heard; what follows a hello is held to the same rules.
    const known = await dialWithTls(port, stranger.tls)
    known.write(Buffer.concat([hello, announcing(0xff_ff_ff_ff)]))
    const heard = framesIn(await untilClosed(known))
    expect(heard.at(0)?.type).toBe(TYPE.hello)

    await bob.say('alice', 'Still you?')
    await stillServes(stage, alice, pid, directory)
  }),
)
