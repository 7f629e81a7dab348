// A live device and, at the other end of its line, a test that answers as it likes.
import type { EnvelopeId } from '@parley/shared/ids.ts'
import { decodeFrame } from '@parley/shared/wire/frame-reader.ts'
import { type Frame, type FrameOf, TYPE } from '@parley/shared/wire/frames.ts'
import type { DeliveryFrame } from '#delivery/ports.ts'
import { type NodeHooks, SimLine, SimNode } from './simulation/node.ts'
import { SeededRandom } from './simulation/random.ts'
import { Schedule } from './simulation/schedule.ts'

export class ScriptedPeer implements NodeHooks {
  readonly schedule = new Schedule()
  readonly random = new SeededRandom(1)
  readonly alice: SimNode
  /** Never runs: only its keys, its store and its sealing are used, to make what a real peer could have made. */
  readonly bob: SimNode
  readonly wire: Frame[] = []
  readonly aborts: Error[] = []
  readonly delivered: { from: number; to: number }[] = []
  readonly ended: { stream: number; seq: number }[] = []
  line: SimLine

  constructor() {
    this.alice = new SimNode({ name: 'alice', account: 0, device: 0 }, this.random, this.schedule, this)
    this.bob = new SimNode({ name: 'bob', account: 1, device: 1 }, this.random, this.schedule, this)
    this.alice.meet(this.bob)
    this.bob.meet(this.alice)
    this.line = this.connect()
  }

  connect(): SimLine {
    this.line = new SimLine(this.alice, this.bob.device, 'line')
    this.alice.delivery.attach(this.line)
    return this.line
  }

  /** Gives Alice a frame and lets everything that follows from it happen. */
  async say(frame: DeliveryFrame): Promise<void> {
    this.alice.receive(this.line, frame)
    await this.rest()
  }

  async rest(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    await this.schedule.run(1_000)
  }

  /** Alice may seal from here on: positions were exchanged and she holds a bundle. */
  async ready(): Promise<void> {
    this.alice.delivery
      .receive(this.line, { type: TYPE.positions, streams: [], last: true })
      .catch((error: unknown) => this.line.abort(asError(error)))
    await this.rest()
  }

  async send(...texts: string[]): Promise<string[]> {
    const sending = texts.map((text) =>
      this.alice.delivery.send({
        conversation: this.alice.conversationWith(this.bob.account),
        recipients: [this.bob.account],
        kind: 'text',
        critical: true,
        body: Buffer.from(text),
        priority: 1,
      }),
    )
    await this.rest()
    const request = this.wire.some(({ type }) => type === TYPE.prekeysRequest)
    if (request) {
      this.wire.splice(0, this.wire.length, ...this.wire.filter(({ type }) => type !== TYPE.prekeysRequest))
      await this.say({ type: TYPE.prekeys, bundle: await this.bob.bundle() })
    }
    return (await Promise.all(sending)).map(({ localId }) => localId)
  }

  envelopes(): FrameOf<2>[] {
    return this.wire.filter((frame): frame is FrameOf<2> => frame.type === TYPE.envelope)
  }

  answers(): (FrameOf<3> | FrameOf<4>)[] {
    return this.wire.filter(
      (frame): frame is FrameOf<3> | FrameOf<4> => frame.type === TYPE.ack || frame.type === TYPE.reject,
    )
  }

  stateOf(localId: string): string | undefined {
    const row = this.alice.store.messages.byLocalId(localId)
    return row === undefined ? undefined : this.alice.store.deliveries.ofMessage(row.stream, row.seq)[0]?.state
  }

  ack(...envelopes: EnvelopeId[]): FrameOf<3> {
    return { type: TYPE.ack, envelopes, streams: [] }
  }

  onWire(_from: SimNode, _line: SimLine, bytes: Uint8Array): void {
    const frame = decodeFrame(bytes.subarray(4))
    if (frame !== undefined) this.wire.push(frame)
  }

  onDelivered(_node: SimNode, range: { from: number; to: number }): void {
    this.delivered.push(range)
  }

  onEnded(_node: SimNode, message: { stream: number; seq: number }): void {
    this.ended.push(message)
  }

  onSessionAbort(_node: SimNode, line: SimLine, error: Error): void {
    this.aborts.push(error)
    line.isOpen = false
    this.alice.delivery.detach(line)
  }

  shouldDie(): boolean {
    return false
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
