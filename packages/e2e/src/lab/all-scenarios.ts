import type { Scenario } from './scenario.ts'
import { badLinks } from './scenarios/bad-links.ts'
import { clocks } from './scenarios/clocks.ts'
import { clonedProfile } from './scenarios/cloned-profile.ts'
import { crossedSetups } from './scenarios/crossed-setups.ts'
import { directoryAway } from './scenarios/directory-away.ts'
import { frozenPeers } from './scenarios/frozen-peers.ts'
import { fullDisk } from './scenarios/full-disk.ts'
import { ioErrors } from './scenarios/io-errors.ts'
import { killStorm } from './scenarios/kill-storm.ts'
import { lostPackets } from './scenarios/lost-packets.ts'
import { lyingLinks } from './scenarios/lying-links.ts'
import { oneProfile } from './scenarios/one-profile.ts'
import { partitions } from './scenarios/partitions.ts'
import { restoredCopy } from './scenarios/restored-copy.ts'
import { resumedSessions } from './scenarios/resumed-sessions.ts'
import { syncedAnswers } from './scenarios/synced-answers.ts'

/** The storm first: it is the one that is made greater in a long run. */
export const SCENARIOS: readonly Scenario[] = [
  killStorm,
  partitions,
  badLinks,
  lostPackets,
  lyingLinks,
  directoryAway,
  frozenPeers,
  fullDisk,
  ioErrors,
  syncedAnswers,
  oneProfile,
  clocks,
  crossedSetups,
  resumedSessions,
  restoredCopy,
  clonedProfile,
]
