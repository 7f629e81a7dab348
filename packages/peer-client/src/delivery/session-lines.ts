import type { Session } from '#session/session.ts'
import type { Line } from './ports.ts'

/** Sessions as delivery sees them, one line for each as long as it lives. */
export class SessionLines {
  readonly #lines = new WeakMap<Session, Line>()

  /** Whether delivery has seen the session before. */
  has(session: Session): boolean {
    return this.#lines.has(session)
  }

  of(session: Session): Line {
    let line = this.#lines.get(session)
    if (line === undefined) {
      const path = `${session.path} ${session.remoteAddress ?? ''}`.trim()
      line = {
        device: session.device,
        path,
        get isOpen() {
          return session.isOpen
        },
        send: (frame) => session.send(frame),
      }
      this.#lines.set(session, line)
    }
    return line
  }
}
