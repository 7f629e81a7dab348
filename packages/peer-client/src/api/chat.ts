import { ChatBroadcast, ChatLine, type DaemonFrame } from '@parley/shared/local-api/events.ts'
import { z } from 'zod'
import { sendToConnected } from './broadcast.ts'
import type { Daemon } from './daemon.ts'
import { problemOf } from './problems.ts'
import { readJson } from './request.ts'

const Peek = z.looseObject({ msg: z.unknown().optional(), ref: z.string().max(64).optional() })

/** Answers one frame of `GET /ws`. What goes wrong is an answer too: the line stays up. Rejects only when the daemon fails. */
export function serveChat(daemon: Daemon): (text: string, signal: AbortSignal) => Promise<DaemonFrame> {
  return async (text, signal) => {
    if (text.trim() === '/peers') return { type: 'peers', peers: daemon.peers() }
    let ref: { ref?: string } = {}
    try {
      const peek = readJson(text, Peek)
      if (peek.ref !== undefined) ref = { ref: peek.ref }
      if ('msg' in peek) {
        const { msg, key } = readJson(text, ChatBroadcast)
        return { type: 'accepted', ...(await sendToConnected(daemon, msg, key, signal)), ...ref }
      }
      const { to, text: words, key: idempotencyKey, ref: _ref, ...options } = readJson(text, ChatLine)
      const message = await daemon.send(to, words, { ...options, idempotencyKey }, signal)
      return { type: 'accepted', messages: [message], failed: [], ...ref }
    } catch (error) {
      const problem = problemOf(error)
      if (problem.code === 'internal') throw error
      return { type: 'problem', problem, ...ref }
    }
  }
}
