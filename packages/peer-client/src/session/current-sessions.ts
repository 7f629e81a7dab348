import type { Clock } from '@parley/shared/clock.ts'
import { type DeviceKey, idBytes } from '@parley/shared/ids.ts'
import { MAX_HELD_SESSIONS } from '@parley/shared/limits.ts'
import type { Hello, Purpose } from '@parley/shared/wire/frames.ts'
import { isSameBoot } from './hello.ts'
import type { Session } from './session.ts'
import { type Contender, type Winner, whichSession } from './which-session.ts'

export interface Newcomer extends Omit<Contender, 'openedAtMs'> {
  readonly device: DeviceKey
  readonly hello: Hello
}

interface Held {
  readonly session: Session
  /** Called off once it is told, or current. */
  cancel: () => void
}

/**
 * At most one current session per device and purpose. The device with the higher key may hold others for a moment, until
 * the other side has told which one it keeps: that need not be the newest.
 */
export class CurrentSessions {
  readonly #self: DeviceKey
  readonly #clock: Clock
  readonly #drainMs: number
  readonly #onCurrent: (session: Session) => void
  /** Oldest first; the last one is current. Never empty. */
  readonly #held = new Map<string, readonly Held[]>()

  constructor(self: DeviceKey, clock: Clock, drainMs: number, onCurrent: (session: Session) => void) {
    this.#self = self
    this.#clock = clock
    this.#drainMs = drainMs
    this.#onCurrent = onCurrent
  }

  get(device: DeviceKey, purpose: Purpose): Session | undefined {
    return this.#held.get(keyOf(device, purpose))?.at(-1)?.session
  }

  list(): Session[] {
    return [...this.#held.values()].flatMap((held) => held.at(-1)?.session ?? [])
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
    const former = this.#held.get(key) ?? []
    this.#held.set(key, [{ session, cancel: nothing }])
    if (winner === 'wait') this.#hold(key, former)
    this.#onCurrent(session)
    const kept = new Set(this.#held.get(key))
    for (const held of former) if (!kept.has(held)) replace(held)
  }

  /** The session no longer sends. */
  remove(session: Session): void {
    const key = keyOf(session.device, session.purpose)
    const held = this.#held.get(key) ?? []
    const rest = held.filter((one) => one.session !== session)
    if (rest.length === held.length) return
    for (const one of held) if (one.session === session) one.cancel()
    const next = rest.at(-1)
    if (next === undefined) {
      this.#held.delete(key)
      return
    }
    this.#held.set(key, rest)
    if (next === held.at(-1)) return
    next.cancel()
    this.#onCurrent(next.session)
  }

  /** Keeps `former` behind the current one. Of whom no word comes, the other side does not know any more. */
  #hold(key: string, former: readonly Held[]): void {
    const newest = former.at(-1)
    if (newest !== undefined) newest.cancel = this.#clock.after(this.#drainMs, () => replace(newest))
    this.#held.set(key, [...former.slice(1 - MAX_HELD_SESSIONS), ...(this.#held.get(key) ?? [])])
  }
}

function replace({ session, cancel }: Held): void {
  cancel()
  void session.close('replaced')
}

function nothing(): void {}

function keyOf(device: DeviceKey, purpose: Purpose): string {
  return `${device} ${purpose}`
}
