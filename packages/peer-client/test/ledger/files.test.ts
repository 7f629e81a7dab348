import { copyFile, mkdir, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_LEDGER_FINDINGS } from '@parley/shared/limits.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeLedger } from '#ledger/describe-ledger.ts'
import { verifyLedger } from '#ledger/verify-ledger.ts'
import { openDatabase } from '#store/database.ts'
import { type TempDirectory, tempDirectory } from '../support/temp-directory.ts'
import { copyPair, type Files, forge, makeHonestPair } from './honest-pair.ts'

let directory: TempDirectory
let honest: Files

beforeAll(async () => {
  directory = await tempDirectory()
  honest = await makeHonestPair(directory.path)
})
afterAll(async () => await directory[Symbol.asyncDispose]())

const codesOf = (paths: readonly string[]): string[] => verifyLedger(paths).violations.map(({ code }) => code)

describe('the ledger', () => {
  test('takes a profile directory, the database in it, and links to either, as one', async () => {
    await using place = await tempDirectory()
    const profile = join(place.path, 'profile')
    await mkdir(profile)
    const file = join(profile, 'parley.db')
    await copyFile(honest.alice, file)
    await symlink(profile, join(place.path, 'link'))
    const report = verifyLedger([profile, file, join(place.path, 'link'), honest.bob])
    expect(report).toMatchObject({ ok: true, checked: { databases: 2 } })
  })

  test('says what a path leads to when it is not a database', async () => {
    await using place = await tempDirectory()
    const inPlace = (name: string): string => join(place.path, name)
    await writeFile(inPlace('noise'), Buffer.alloc(8192, 'noise'))
    await writeFile(inPlace('empty'), '')
    await mkdir(inPlace('directory'))
    openDatabase(inPlace('unborn.db')).close()
    expect(codesOf([inPlace('noise')])).toEqual(['not-a-database'])
    expect(codesOf([inPlace('empty')])).toEqual(['not-a-profile'])
    expect(codesOf([inPlace('directory')])).toEqual(['missing'])
    expect(codesOf([inPlace('nowhere')])).toEqual(['missing'])
    expect(codesOf([inPlace('unborn.db')])).toEqual(['not-a-profile'])
  })

  test('finds a database that was cut off, wherever it was cut', async () => {
    await using place = await tempDirectory()
    const { size } = await stat(honest.bob)
    for (const part of [0.1, 0.5, 0.9]) {
      const { alice, bob } = await copyPair(honest, place.path)
      await truncate(bob, Math.floor(size * part))
      const report = verifyLedger([alice, bob])
      expect(report.ok).toBe(false)
      expect(report.violations.map(({ code, where }) => [code, where.database])).toEqual([['corrupt', bob]])
    }
  })

  test('still checks the others when one database cannot be read, and says what was not checked', async () => {
    await using place = await tempDirectory()
    const { alice, bob } = await copyPair(honest, place.path)
    await writeFile(bob, 'gone')
    const report = verifyLedger([alice, bob])
    expect(report).toMatchObject({
      ok: false,
      checked: { databases: 1, delivered: 0 },
      notChecked: [{ account: Buffer.alloc(32, 12).toString('base64url'), delivered: 7, streams: 1 }],
    })
  })

  test('names the accounts whose database was not given', () => {
    const report = verifyLedger([honest.alice])
    const bob = Buffer.alloc(32, 12).toString('base64url')
    expect(report).toMatchObject({ ok: true, notChecked: [{ account: bob, delivered: 7, streams: 1 }] })
    expect(describeLedger(report)).toContain(`not checked: 7 deliveries to ${bob} and 1 stream of it`)
  })

  test('finds two databases of one device', async () => {
    await using place = await tempDirectory()
    const { alice } = await copyPair(honest, place.path)
    expect(codesOf([honest.alice, honest.bob, alice])).toEqual(['cloned'])
  })

  test('proves nothing when it is given nothing', () => {
    const report = verifyLedger([])
    expect(report.ok).toBe(false)
    expect(describeLedger(report)).toContain('Nothing was checked.')
  })

  test('lists so many violations and counts the rest', async () => {
    await using place = await tempDirectory()
    const { alice } = await copyPair(honest, place.path)
    forge(alice, (database) => {
      const insert = database.prepare('INSERT INTO ciphertexts (bytes) VALUES (?)')
      for (let n = 0; n < MAX_LEDGER_FINDINGS + 5; n += 1) insert.run(Buffer.alloc(1))
    })
    const report = verifyLedger([alice])
    expect(report.violations).toHaveLength(MAX_LEDGER_FINDINGS)
    expect(report.unlisted).toBe(5)
    expect(describeLedger(report)).toContain('and 5 more')
  })

  test('changes nothing in what it reads', async () => {
    await using place = await tempDirectory()
    const { alice, bob } = await copyPair(honest, place.path)
    const before = [await stat(alice), await stat(bob)]
    verifyLedger([alice, bob])
    const after = [await stat(alice), await stat(bob)]
    expect(after.map(({ mtimeMs, size }) => [mtimeMs, size])).toEqual(
      before.map(({ mtimeMs, size }) => [mtimeMs, size]),
    )
  })
})
