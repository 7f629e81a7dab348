import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { createPeer } from '@parley/peer-client'
import { UsersPage } from '@parley/shared/directory-api/users.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { eventually } from '#eventually.ts'
import { freePort } from '#free-port.ts'
import type { Program } from '#program.ts'
import { SharedStage } from '#shared-stage.ts'
import { onStage, type Stage } from '#stage.ts'

const PATIENCE_MS = 240_000

// A directory that others use too.
const others = new AsyncDisposableStack()
const shared = new SharedStage(async (stage) => {
  const { url } = await stage.directory()
  const alice = others.use(createPeer({ name: 'alice', profile: stage.path('alice'), directory: url }))
  await alice.start()
  await eventually('alice is online', async () => alice.directoryState.state === 'online' || undefined)
  return { url }
})

afterAll(async () => {
  await others.disposeAsync()
  await shared[Symbol.asyncDispose]()
})

function runTests(stage: Stage, ...args: readonly string[]): Program {
  return stage.script('scripts/run-tests.ts', { args })
}

function portOf(url: string): string {
  return new URL(url).port
}

async function users(url: string): Promise<string[]> {
  const page = UsersPage.parse(await (await fetch(`${url}/v1/users?limit=200`)).json())
  return page.users.map((user) => user.name)
}

/** What a run leaves behind on the disk, but for the cache of the tests. */
async function leftBehind(stage: Stage): Promise<string[]> {
  return (await readdir(stage.dir)).filter((name) => name.startsWith('parley-'))
}

async function answering(
  answer: (path: string) => [status: number, body: string],
): Promise<AsyncDisposable & { port: string }> {
  const server: Server = createServer((request, response) => {
    const [status, body] = answer(request.url ?? '')
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: String(address.port),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('pnpm run-tests', () => {
  test(
    'passes against a directory of its own, says how many, and leaves nothing behind',
    onStage(async (stage) => {
      const { exitCode, stdout } = await runTests(stage, '--start-server').exit(PATIENCE_MS)

      expect(stdout).toMatch(/\n\d{2,} passed, 0 failed\n$/)
      expect(exitCode).toBe(0)
      expect(await leftBehind(stage)).toEqual([])
    }),
    PATIENCE_MS,
  )

  test(
    'gives its names back when it is interrupted',
    shared.with(async ({ url }, stage) => {
      const run = runTests(stage, '--port', portOf(url))
      await eventually('a name is taken', async () => (await users(url)).find((name) => name !== 'alice'), PATIENCE_MS)

      const { exitCode } = await run.end('SIGINT')

      expect(exitCode).toBe(130)
      expect(await users(url)).toEqual(['alice'])
      expect(await leftBehind(stage)).toEqual([])
    }),
    PATIENCE_MS,
  )

  test(
    'passes against a directory that others use and in which it ran before, and takes no name for longer than it needs',
    shared.with(async ({ url }, stage) => {
      // The file that others could disturb most; the whole suite is run above.
      const args = ['--port', portOf(url), '--verbose', '--test', 'listing']
      const { exitCode, stdout, stderr } = await runTests(stage, ...args).exit(PATIENCE_MS)
      expect(stderr).not.toContain('could not be given back')
      expect(stdout).toMatch(/\n\d{2,} passed, 0 failed\n$/)
      expect(exitCode).toBe(0)
      expect(await users(url)).toEqual(['alice'])
    }),
    PATIENCE_MS,
  )

  test(
    'ends with 1 when a test fails',
    shared.with(async ({ url }, stage) => {
      const info = await (await fetch(`${url}/v1`)).text()
      await using broken = await answering((path) => (path === '/v1' ? [200, info] : [500, '{}']))

      const ended = await runTests(stage, '--port', broken.port, '--test', 'operations.test.ts').exit(PATIENCE_MS)

      expect(ended).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/\n\d+ passed, [1-9]\d* failed\n$/) })
    }),
    PATIENCE_MS,
  )

  test(
    'ends with 69 where no directory is, and says how to start one',
    onStage(async (stage) => {
      const nobody = await runTests(stage, '--port', String(await freePort())).exit()
      await using other = await answering(() => [200, '{"hello":"world"}'])
      const taken = await runTests(stage, '--start-server', '--port', other.port).exit()

      expect(nobody).toMatchObject({
        exitCode: 69,
        stderr: expect.stringMatching(/^No directory answers .*--start-server\.\n$/),
      })
      expect(taken).toMatchObject({ exitCode: 69, stderr: expect.stringContaining('is in use by another program') })
    }),
  )

  test(
    'ends with 64 when it is asked for something unknown',
    onStage(async (stage) => {
      expect(await runTests(stage, '--bogus').exit()).toMatchObject({
        exitCode: 64,
        stdout: '',
        stderr: expect.stringContaining("Unknown option '--bogus'"),
      })
    }),
  )

  test(
    'explains itself',
    onStage(async (stage) => {
      expect(await runTests(stage, '--help').exit()).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^usage: pnpm run-tests(.|\n)*--start-server(.|\n)*registration\.test\.ts/),
        stderr: '',
      })
    }),
  )

  test(
    'stops the directory that it started when it is interrupted',
    onStage(async (stage) => {
      const run = runTests(stage, '--start-server')
      // The directory runs, and the tests are starting; one that is interrupted while they run is above.
      const url = await run.line((line) => /http:\S+/.exec(line)?.[0])

      expect(await run.end('SIGTERM')).toMatchObject({ exitCode: 143 })

      const refused = connect(Number(portOf(url)), '127.0.0.1')
      expect(await once(refused, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }])
      expect(await leftBehind(stage)).toEqual([])
    }),
    PATIENCE_MS,
  )
})
