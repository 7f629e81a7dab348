// Files of a profile that have to change together. They are made beside the profile's own, in a directory of theirs; giving that
// its final name is the one step that decides, and whoever opens the profile next finishes what was decided, or drops what was not.
import { mkdir, readdir, readFile, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { z } from 'zod'
import { syncDirectory, writePrivateFile } from './private-file.ts'
import { ProfileError } from './profile-error.ts'

const DRAFT = 'change.draft'
const DECIDED = 'change'
const PLAN = 'plan.json'

/** Plain names of files of the profile. */
const FileName = z.string().regex(/^[a-z][a-z0-9.-]*$/)
const Plan = z.strictObject({
  v: z.literal(1),
  /** First these go. */
  remove: z.array(FileName),
  /** Then these take the places of those that bear their names. */
  replace: z.array(FileName),
})
type Plan = z.infer<typeof Plan>

/** What `make` puts into the directory it is given takes the place of the files of these names. Only under the profile's lock. */
export async function changeTogether(
  profile: string,
  make: (directory: string) => Promise<Omit<Plan, 'v'>>,
): Promise<void> {
  const draft = join(profile, DRAFT)
  await finishChange(profile)
  await mkdir(draft, { mode: 0o700 })
  try {
    const plan: Plan = { v: 1, ...(await make(draft)) }
    await writePrivateFile(join(draft, PLAN), JSON.stringify(plan), { replace: false })
    await rename(draft, join(profile, DECIDED))
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
  await syncDirectory(profile)
  await finishChange(profile)
}

/** Whether a change was decided and is not finished. */
export async function isChangeUnfinished(profile: string): Promise<boolean> {
  return (await readdir(profile)).includes(DECIDED)
}

/** Finishes a change that was decided, drops one that was not. Only under the profile's lock; again and again is safe. */
export async function finishChange(profile: string): Promise<void> {
  const entries = await readdir(profile)
  if (entries.includes(DRAFT)) await rm(join(profile, DRAFT), { recursive: true })
  if (!entries.includes(DECIDED)) return
  const decided = join(profile, DECIDED)
  const plan = await readPlan(join(decided, PLAN))
  // What is removed may belong to what is replaced: a WAL must not be there when another database takes its name.
  const waiting = new Set(await readdir(decided))
  if (plan.replace.every((name) => waiting.has(name))) {
    for (const name of plan.remove) await ignoringAbsence(unlink(join(profile, name)))
    await syncDirectory(profile)
  }
  for (const name of plan.replace) await ignoringAbsence(rename(join(decided, name), join(profile, name)))
  await syncDirectory(profile)
  // Under this name it may be half gone.
  await rename(decided, join(profile, DRAFT))
  await rm(join(profile, DRAFT), { recursive: true })
}

async function readPlan(path: string): Promise<Plan> {
  try {
    return Plan.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
    throw new ProfileError('damaged-profile', `${path} cannot be read: restore the profile from a backup`)
  }
}

async function ignoringAbsence(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
  }
}
