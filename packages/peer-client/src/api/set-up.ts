// What the page of the first start needs. The composition root provides it.
import type { NameCheck, SetUp, SetUpDone } from '@parley/shared/local-api/set-up.ts'

/** Every method may reject with RequestError. */
export interface SettingUp {
  /** The directory that the start was given. */
  readonly directory: string | undefined
  checkName(typed: string, directory: string | undefined, signal: AbortSignal): Promise<NameCheck>
  /** Once. Resolves when the profile is on the disk. */
  create(wish: SetUp): Promise<SetUpDone>
}
