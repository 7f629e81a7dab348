import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Problem } from '@parley/shared/directory-api/problem.ts'
import { User } from '@parley/shared/directory-api/users.ts'
import { audienceOf } from '@parley/shared/hashes.ts'
import type { DirectoryKey } from '@parley/shared/ids.ts'
import { afterAll, beforeAll } from 'vitest'
import { type Directory, type DirectoryOptions, startDirectory } from '#directory-server.ts'
import type { DropReason } from '#http/drops.ts'
import { Person } from './people.ts'

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

/** A real directory on a free port with a data directory of its own, both gone at the end. */
export class TestDirectory implements AsyncDisposable {
  readonly dataDir: string
  readonly #options: Partial<DirectoryOptions>
  #running: Directory

  private constructor(dataDir: string, options: Partial<DirectoryOptions>, running: Directory) {
    this.dataDir = dataDir
    this.#options = options
    this.#running = running
  }

  static async start(options: Partial<DirectoryOptions> = {}): Promise<TestDirectory> {
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-directory-'))
    return new TestDirectory(dataDir, options, await startDirectory({ dataDir, port: 0, ...options }))
  }

  get url(): string {
    return this.#running.url
  }

  get key(): DirectoryKey {
    return this.#running.directoryKey
  }

  /** What was refused or cut since the start, without the reasons that never happened. */
  dropped(): Partial<Record<DropReason, number>> {
    return Object.fromEntries([...this.#running.drops()].filter(([, times]) => times > 0))
  }

  person(name: string, account?: Person): Person {
    const { now } = this.#options
    return new Person({ name, audience: audienceOf(this.key), ...(now && { now }), ...(account && { account }) })
  }

  /** A person whose first record is accepted. */
  async register(name: string, account?: Person): Promise<Person> {
    const person = this.person(name, account)
    await this.publish(person)
    return person
  }

  /** Publishes the next record of the person; throws unless it is accepted. */
  async publish(person: Person, changes: Parameters<Person['record']>[0] = {}): Promise<User> {
    const record = await person.record(changes)
    const answer = await this.put(`/v1/users/${person.name}`, { record })
    if (answer.status !== 200 && answer.status !== 201) throw new Error(`not accepted: ${JSON.stringify(answer)}`)
    person.accepted(record, changes.seq)
    return User.parse(answer.body)
  }

  get(path: string): Promise<Answer> {
    return this.#request('GET', path)
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.#request('PUT', path, body)
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.#request('POST', path, body)
  }

  delete(path: string, body: unknown): Promise<Answer> {
    return this.#request('DELETE', path, body)
  }

  async user(name: string): Promise<User> {
    return User.parse((await this.get(`/v1/users/${name}`)).body)
  }

  stop(): Promise<void> {
    return this.#running.stop()
  }

  /** Stops and starts on the same data. */
  async restart(options: Partial<DirectoryOptions> = {}): Promise<void> {
    await this.stop()
    this.#running = await startDirectory({ dataDir: this.dataDir, port: 0, ...this.#options, ...options })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await rm(this.dataDir, { recursive: true, force: true })
  }

  async #request(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers }
  }
}

/** One directory for all tests of a suite or of the `describe` around, in which each of them has people of its own. */
export function shareDirectory(options: Partial<DirectoryOptions> = {}): () => TestDirectory {
  let directory: TestDirectory | undefined
  beforeAll(async () => {
    directory = await TestDirectory.start(options)
  })
  afterAll(async () => await directory?.[Symbol.asyncDispose]())
  return () => {
    if (directory === undefined) throw new Error('the directory runs during the tests only')
    return directory
  }
}

/** What a refusal looks like, to match an answer against. */
export function refusal(status: number, code: Problem['code'], rest: Readonly<Record<string, unknown>> = {}) {
  return { status, body: { type: `urn:parley:problem:${code}`, status, code, ...rest } }
}
