import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { verifyLedger } from '#ledger/verify-ledger.ts'
import { simulate } from '../delivery/simulation/simulate.ts'
import { tempDirectory } from '../support/temp-directory.ts'
import { connect, TestProfile } from './profiles.ts'

/** As many as there are kinds of incidents, and of which each has another. */
const FIRST_SEED = 3
const SEEDS = Number(process.env['SEEDS'] ?? 7)

describe('the ledger finds nothing wrong', () => {
  test(`after crashes, cuts, profiles set back and devices given up, ${SEEDS} seeds`, async () => {
    await using directory = await tempDirectory()
    let forgotten = 0
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      const paths: string[] = []
      await simulate(seed, (world) => {
        for (const { name, store, database, device, account } of world.active) {
          store.meta.set('device', device)
          store.meta.set('account', account)
          const path = join(directory.path, `${seed} ${name}.db`)
          writeFileSync(path, database.serialize())
          paths.push(path)
        }
      })
      const report = verifyLedger(paths)
      expect({ seed, violations: report.violations }).toEqual({ seed, violations: [] })
      expect(report).toMatchObject({ ok: true, checked: { databases: paths.length } })
      expect(report.checked.delivered).toBeGreaterThan(0)
      forgotten += report.checked.forgotten
    }
    expect(forgotten).toBeGreaterThan(0)
  })

  test('with an account that has two devices, one of them added late', async () => {
    await using directory = await tempDirectory()
    const { path } = directory
    const alice = new TestProfile({ name: 'alice', device: 1, account: 11, directory: path })
    const bob = new TestProfile({ name: 'bob', device: 2, account: 12, directory: path })
    const laptop = new TestProfile({ name: 'laptop', device: 3, account: 11, directory: path })
    const all = [alice, bob, laptop]
    alice.meet(bob)
    bob.meet(alice)
    connect(alice, bob)
    for (let n = 0; n < 5; n += 1) {
      await alice.send(bob, `alice ${n}`)
      await bob.send(alice, `bob ${n}`)
    }
    for (const one of all) await one.settled()
    for (const one of all) for (const other of all) if (one !== other) one.meet(other)
    connect(alice, laptop)
    connect(bob, laptop)
    for (const one of [alice, bob]) await one.delivery.serve(laptop.device)
    for (let n = 5; n < 9; n += 1) {
      await alice.send(bob, `alice ${n}`)
      await bob.send(alice, `bob ${n}`)
      await laptop.send(bob, `laptop ${n}`)
    }
    for (const one of all) await one.settled()
    for (const one of all) await one.close()
    const given = all.map((one) => one.path)
    expect(verifyLedger(given)).toMatchObject({ ok: true, violations: [], notChecked: [], checked: { delivered: 22 } })
    // Bob's messages were confirmed by either device of Alice's account; without one of them some are not proven.
    const [, bobPath = '', laptopPath = ''] = given
    const report = verifyLedger([bobPath, laptopPath])
    expect(report).toMatchObject({ ok: true, notChecked: [{ account: alice.account }] })
    expect(report.checked.delivered).toBeLessThan(13)
  })

  test('beside profiles that are writing, and after kill -9 of both', async () => {
    await using directory = await tempDirectory()
    const paths = [join(directory.path, 'alice.db'), join(directory.path, 'bob.db')]
    await using busy = await startBusyProfiles(directory.path)
    let delivered = 0
    for (let round = 0; round < 8; round += 1) {
      const report = verifyLedger(paths)
      expect(report.violations).toEqual([])
      expect(report.checked.delivered).toBeGreaterThanOrEqual(delivered)
      delivered = report.checked.delivered
      await busy.progress()
    }
    expect(delivered).toBeGreaterThan(0)
    await busy.kill()
    expect(verifyLedger(paths)).toMatchObject({ ok: true, notChecked: [] })
  })
})

interface BusyProfiles extends AsyncDisposable {
  /** Resolves after one more round of messages. */
  progress(): Promise<void>
  kill(): Promise<void>
}

/** Another process in which two profiles write to each other without end. */
async function startBusyProfiles(directory: string): Promise<BusyProfiles> {
  const script = fileURLToPath(new URL('busy-profiles.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const progress = async (): Promise<void> => {
    if ((await lines.next()).done === true) throw new Error('the profiles stopped by themselves')
  }
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  await progress()
  return { progress, kill, [Symbol.asyncDispose]: kill }
}
