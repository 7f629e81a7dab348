import type { DirectoryKey } from '@parley/shared/ids.ts'
import type { Logger } from 'pino'
import type { DirectoryLimits } from '#limits/directory-limits.ts'
import type { Metrics } from '#metrics/metrics.ts'
import type { AccountRecords } from '#records/account-records.ts'
import type { DeviceStatements } from '#records/device-statements.ts'
import type { HeartbeatIntake } from '#records/heartbeat-intake.ts'
import type { Prekeys } from '#records/prekeys.ts'
import type { Retirements } from '#records/retirements.ts'
import type { Search } from '#records/search.ts'
import type { UserViews } from '#records/user-views.ts'
import type { Admission } from './admission.ts'
import type { Drops } from './drops.ts'
import type { RateLimits } from './rate-limits.ts'
import type { ReadJsonBody } from './read-body.ts'
import type { MetricsAccess } from './routes/metrics.ts'
import type { Sources } from './source-address.ts'

/** What the routes serve. */
export interface AppParts {
  readonly directoryKey: DirectoryKey
  readonly accountRecords: AccountRecords
  readonly deviceStatements: DeviceStatements
  readonly heartbeats: HeartbeatIntake
  readonly prekeys: Prekeys
  readonly retirements: Retirements
  readonly search: Search
  readonly userViews: UserViews
  readonly limits: DirectoryLimits
  readonly readJsonBody: ReadJsonBody
  /** Whether anybody may ask who was seen at an address. */
  readonly ipLookup: boolean
  readonly admission: Admission
  readonly sources: Sources
  readonly rateLimits: RateLimits
  readonly drops: Drops
  readonly metrics: Metrics
  readonly metricsAccess: MetricsAccess
  readonly isReady: () => boolean
  readonly log: Logger
}
