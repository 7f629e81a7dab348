import { type DeviceKey, idBytes } from '@parley/shared/ids.ts'
import type { Hello, Purpose } from '@parley/shared/wire/frames.ts'
import type { Clock } from './clock.ts'
import { isSameBoot } from './hello.ts'
import type { Session } from './session.ts'
import { type Contender, type Winner, whichSession } from './which-session.ts'

export interface Newcomer extends Omit<Contender, 'openedAtMs'> {
  readonly device: DeviceKey
  readonly hello: Hello
}

/**
 * At most one current session per device and purpose. The device with the higher key may hold a second one for a moment,
 * until the other side has told which of the two it keeps.
 */
export class CurrentSessions {
  readonly #self: DeviceKey
  readonly #clock: Clock
  readonly #drainMs: number
  readonly #onCurrent: (session: Session) => void
  readonly #current = new Map<string, Session>()
  readonly #untold = new Map<string, { session: Session; cancel: () => void }>()

  constructor(self: DeviceKey, clock: Clock, drainMs: number, onCurrent: (session: Session) => void) {
    this.#self = self
    this.#clock = clock
    this.#drainMs = drainMs
    this.#onCurrent = onCurrent
  }

  get(device: DeviceKey, purpose: Purpose): Session | undefined {
    return this.#current.get(keyOf(device, purpose))
  }

  list(): Session[] {
    return [...this.#current.values()]
  }

  /** What becomes of a session that would come up now. Changes nothing. */
  judge({ device, hello, direction, path }: Newcomer): Winner {
    const current = this.get(device, hello.purpose)
    if (current === undefined) return 'newer'
    return whichSession({
      current,
      newer: { direction, path, openedAtMs: this.#clock.elapsedMs() },
      isSameBoot: isSameBoot(current.hello, hello),
      isAlone: direction === 'inbound' && hello.alone,
      isLower: Buffer.compare(idBytes(this.#self), idBytes(device)) < 0,
    })
  }

  /** Makes a session that was not judged to lose the current one. */
  add(session: Session, winner: Exclude<Winner, 'current'>): void {
    const key = keyOf(session.device, session.purpose)
    const former = this.#current.get(key)
    this.#current.set(key, session)
    this.#dropUntold(key)
    if (former !== undefined && winner === 'wait') this.#awaitWord(key, former)
    this.#onCurrent(session)
    if (former !== undefined && winner === 'newer') replace(former)
  }

  /** The session no longer sends. */
  remove(session: Session): void {
    const key = keyOf(session.device, session.purpose)
    const untold = this.#untold.get(key)
    if (untold?.session === session) {
      untold.cancel()
      this.#untold.delete(key)
    }
    if (this.#current.get(key) !== session) return
    this.#current.delete(key)
    if (untold === undefined || untold.session === session) return
    untold.cancel()
    this.#untold.delete(key)
    this.#current.set(key, untold.session)
    this.#onCurrent(untold.session)
  }

  /** When no word comes, the other side does not know the older one any more. */
  #awaitWord(key: string, session: Session): void {
    const cancel = this.#clock.after(this.#drainMs, () => {
      this.#untold.delete(key)
      replace(session)
    })
    this.#untold.set(key, { session, cancel })
  }

  #dropUntold(key: string): void {
    const untold = this.#untold.get(key)
    if (untold === undefined) return
    untold.cancel()
    this.#untold.delete(key)
    replace(untold.session)
  }
}

function replace(session: Session): void {
  void session.close('replaced')
}

function keyOf(device: DeviceKey, purpose: Purpose): string {
  return `${device} ${purpose}`
}
