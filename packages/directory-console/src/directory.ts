import { Problem } from '@parley/shared/directory-api/problem.ts'
import { SearchResult } from '@parley/shared/directory-api/search.ts'
import { DirectoryInfo, User, type UserSummary, UsersPage } from '@parley/shared/directory-api/users.ts'
import type { Name } from '@parley/shared/ids.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import { JsonError, parseStrictJson } from '@parley/shared/strict-json.ts'
import { z } from 'zod'
import { ConsoleError } from '#console-error.ts'
import { type Answer, exchange, type Request } from '#http-exchange.ts'

/** A refusal of the directory, with its own words. */
export class RefusedError extends ConsoleError {
  readonly problem: Problem
  constructor(problem: Problem) {
    super('refused', `Refused (${problem.status} ${problem.code}): ${problem.detail ?? problem.title}`)
    this.problem = problem
  }
}

/** The calls of the directory that the menu needs. All reject with ConsoleError. */
export class Directory {
  readonly url: string
  readonly #stop: AbortSignal
  readonly #token: string | undefined
  #last: Answer | undefined

  /** `token` is for directories that give new names only to those who have it. */
  constructor(url: string, stop: AbortSignal, token: string | undefined) {
    this.url = url
    this.#stop = stop
    this.#token = token
  }

  /** The latest answer, whatever it was, but for the questions that go before an action and went well. */
  get last(): Answer | undefined {
    return this.#last
  }

  async info(): Promise<DirectoryInfo> {
    const before = this.#last
    const info = DirectoryInfo.safeParse(await this.#call({ method: 'GET', path: '/v1' }))
    if (info.success) {
      this.#last = before ?? this.#last
      return info.data
    }
    throw new ConsoleError('not-a-directory', `What answers at ${this.url} is no directory.`)
  }

  /** Undefined when nobody holds the name. */
  async user(name: Name): Promise<User | undefined> {
    const user = await this.userOrMove(name)
    return 'record' in user ? user : undefined
  }

  /** The user, or where the account went that gave the name up, if anywhere. */
  async userOrMove(name: Name): Promise<User | { readonly movedTo: Name | undefined }> {
    try {
      return await this.#read(User, { method: 'GET', path: `/v1/users/${name}` })
    } catch (error) {
      if (!(error instanceof RefusedError) || error.problem.code !== 'unknown-name') throw error
      return { movedTo: error.problem.movedTo }
    }
  }

  page(query: Readonly<Record<string, string>>): Promise<UsersPage> {
    return this.#read(UsersPage, { method: 'GET', path: `/v1/users?${new URLSearchParams(query).toString()}` })
  }

  async search(q: string): Promise<UserSummary[]> {
    const path = `/v1/search?${new URLSearchParams({ q }).toString()}`
    return (await this.#read(SearchResult, { method: 'GET', path })).users
  }

  putRecord(name: Name, record: Jws): Promise<User> {
    return this.#read(User, { method: 'PUT', path: `/v1/users/${name}`, body: { record }, token: this.#token })
  }

  async retire(name: Name, retirement: Jws): Promise<void> {
    await this.#call({ method: 'DELETE', path: `/v1/users/${name}`, body: { retirement } })
  }

  async #read<S extends z.ZodType>(schema: S, request: Request): Promise<z.infer<S>> {
    const parsed = schema.safeParse(await this.#call(request))
    if (parsed.success) return parsed.data
    const why = z.prettifyError(parsed.error)
    throw new ConsoleError('not-a-directory', `The answer is not what a directory says: ${why}. See it with "raw".`)
  }

  async #call(request: Request): Promise<unknown> {
    const answer = await exchange(this.url, request, this.#stop)
    this.#last = answer
    const body = answer.text === '' ? undefined : readJson(answer.text)
    if (answer.status >= 200 && answer.status <= 299) return body
    const problem = Problem.safeParse(body)
    if (problem.success) throw new RefusedError(problem.data)
    throw new ConsoleError('not-a-directory', `HTTP ${answer.status} without an explanation. See it with "raw".`)
  }
}

function readJson(text: string): unknown {
  try {
    return parseStrictJson(text)
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}
