// Baseline: mutual TLS 1.3 on loopback between two processes, the messages of one tick joined into one write.
import { programOf } from '#bench/programs.ts'
import { socketContestant } from './socket-contestant.ts'

export const joinedTls = socketContestant({
  id: 'joined-tls',
  name: 'TLS 1.3 mutual, messages of a tick joined',
  program: programOf('messages/joined-tls-player'),
})
