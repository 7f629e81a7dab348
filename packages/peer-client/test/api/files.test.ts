import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { API_TOKEN_FILE, DAEMON_FILE } from '@parley/shared/local-api/daemon-file.ts'
import { expect, test } from 'vitest'
import { readOrMakeToken } from '#api/access-token.ts'
import { removeDaemonFile, writeDaemonFile } from '#api/daemon-file.ts'
import { defaultApiPort } from '#api/local-api.ts'
import { tempDirectory } from '../support/temp-directory.ts'

test('a token is made once, for its owner only, and kept', async () => {
  await using directory = await tempDirectory()
  const file = join(directory.path, API_TOKEN_FILE)
  const token = await readOrMakeToken(file)
  expect(Buffer.from(token, 'base64url')).toHaveLength(32)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readOrMakeToken(file)).toBe(token)
  await writeFile(file, 'short')
  await expect(readOrMakeToken(file)).rejects.toMatchObject({ code: 'damaged-profile' })
})

test('the file that leads to the daemon is for its owner only, and goes with the daemon that wrote it', async () => {
  await using directory = await tempDirectory()
  const file = join(directory.path, DAEMON_FILE)
  const first = { url: 'http://127.0.0.1:8100', pid: 1, startedAt: 1 }
  const second = { url: 'http://127.0.0.1:8101', pid: 2, startedAt: 2 }
  await writeDaemonFile(directory.path, first)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  await writeDaemonFile(directory.path, second)
  await removeDaemonFile(directory.path, first)
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(second)
  await removeDaemonFile(directory.path, second)
  await removeDaemonFile(directory.path, second)
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a file that leads anywhere but to this machine is not written', async () => {
  await using directory = await tempDirectory()
  for (const url of [
    'http://10.0.0.1:8100',
    'https://127.0.0.1:8100',
    'http://127.0.0.1:8100/x',
    'http://a@127.0.0.1:1',
  ]) {
    await expect(writeDaemonFile(directory.path, { url, pid: 1, startedAt: 1 })).rejects.toThrow()
  }
})

test('the API is a hundred ports above the peer, where there is such a port', () => {
  expect([8000, 0, 65_435, 65_436].map(defaultApiPort)).toEqual([8100, 0, 65_535, 0])
})
