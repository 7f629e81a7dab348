import { once } from 'node:events'
import type { Socket } from 'node:net'
import { FromDirectory, type ToDirectory } from '@parley/shared/directory-api/presence.ts'
import WebSocket from 'ws'
import type { Device, Person } from './people.ts'

type Frame<T extends FromDirectory['type']> = Extract<FromDirectory, { type: T }>

type Headers = Readonly<Record<string, string>>

/** One WebSocket to a directory. Frames wait here until a test asks for them. */
export class PresenceClient implements AsyncDisposable {
  readonly socket: WebSocket
  readonly closed: Promise<number>
  readonly #frames: FromDirectory[] = []
  #tcp: Socket | undefined
  #arrived = Promise.withResolvers<void>()

  private constructor(url: string, headers: Headers) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/v1/presence`, { headers })
    this.socket.on('upgrade', (response) => {
      this.#tcp = response.socket
    })
    this.socket.on('message', (data) => {
      if (!Buffer.isBuffer(data)) throw new TypeError('frames are expected in one piece')
      this.#frames.push(FromDirectory.parse(JSON.parse(data.toString())))
      this.#wake()
    })
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code) => {
        resolve(code)
        this.#wake()
      })
    })
  }

  static async open(url: string, headers: Headers = {}): Promise<PresenceClient> {
    const client = new PresenceClient(url, headers)
    await once(client.socket, 'open')
    return client
  }

  /** What is sent in `send` leaves in as few packets as possible. */
  together(send: () => void): void {
    this.#tcp?.cork()
    send()
    this.#tcp?.uncork()
  }

  /** Connected, authenticated and online. */
  static async enter(
    url: string,
    person: Person,
    device: Device = person.device,
    headers: Headers = {},
  ): Promise<PresenceClient> {
    const client = await PresenceClient.open(url, headers)
    await client.authenticate(person, device)
    await client.next('ready')
    return client
  }

  async authenticate(person: Person, device: Device = person.device): Promise<void> {
    const { nonce } = await this.next('challenge')
    this.send({ type: 'authenticate', proof: await person.presenceProof(nonce, device) })
  }

  send(frame: ToDirectory): void {
    this.socket.send(JSON.stringify(frame))
  }

  /** The next frame of this type; frames of other types before it are dropped. Rejects when the socket closes first. */
  async next<T extends FromDirectory['type']>(type: T): Promise<Frame<T>> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined && isOfType(frame, type)) return frame
      if (frame !== undefined) continue
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`closed before a frame of type ${type}`)
      await this.#arrived.promise
    }
  }

  async close(): Promise<number> {
    this.socket.close()
    return await this.closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate()
    await this.closed
  }

  #wake(): void {
    this.#arrived.resolve()
    this.#arrived = Promise.withResolvers()
  }
}

function isOfType<T extends FromDirectory['type']>(frame: FromDirectory, type: T): frame is Frame<T> {
  return frame.type === type
}
