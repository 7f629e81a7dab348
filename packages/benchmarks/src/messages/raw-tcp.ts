// Baseline: TCP on loopback between two processes, each message in a write of its own.
import { programOf } from '#bench/programs.ts'
import { socketContestant } from './socket-contestant.ts'

export const rawTcp = socketContestant({
  id: 'raw-tcp',
  name: 'raw TCP, one write per message',
  program: programOf('messages/raw-tcp-player'),
})
