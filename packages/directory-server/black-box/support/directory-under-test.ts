import type { Problem } from '@parley/shared/directory-api/problem.ts'
import { DirectoryInfo, User, type UserSummary, UsersPage } from '@parley/shared/directory-api/users.ts'
import { audienceOf } from '@parley/shared/hashes.ts'
import type { AccountRecord } from '@parley/shared/signed/account-record.ts'
import supertest from 'supertest'
import { z } from 'zod'
import { Person } from '../../test/support/people.ts'
import { depositRetirement, randomName } from './guests.ts'

const Environment = z.object({
  PARLEY_BLACK_BOX_URL: z.url(),
  PARLEY_BLACK_BOX_GUESTS: z.string().min(1),
  PARLEY_REGISTRATION_TOKEN: z.string().optional(),
})

/** A directory that somebody runs: its URL, and what it says of itself. Others use it meanwhile, and other tests too. */
export class DirectoryUnderTest {
  readonly url: string
  readonly info: DirectoryInfo
  readonly #guests: string
  readonly #token: string | undefined

  private constructor(environment: z.infer<typeof Environment>, info: DirectoryInfo) {
    this.url = environment.PARLEY_BLACK_BOX_URL
    this.#guests = environment.PARLEY_BLACK_BOX_GUESTS
    this.#token = environment.PARLEY_REGISTRATION_TOKEN
    this.info = info
  }

  static async visit(): Promise<DirectoryUnderTest> {
    const environment = Environment.safeParse(process.env)
    if (!environment.success) throw new Error('this suite is run by `pnpm run-tests`, which names the directory')
    const { body } = await supertest(environment.data.PARLEY_BLACK_BOX_URL).get('/v1').expect(200)
    return new DirectoryUnderTest(environment.data, DirectoryInfo.parse(body))
  }

  /** A new one for each request, so that no test waits for the connection of another. */
  get request() {
    const agent = supertest.agent(this.url)
    return this.#token === undefined ? agent : agent.set('authorization', `Bearer ${this.#token}`)
  }

  /** Somebody with new keys, or another name of an account, not registered yet. */
  async person(name: string = randomName(), account?: Person): Promise<Person> {
    const person = new Person({ name, audience: audienceOf(this.info.directoryKey), ...(account && { account }) })
    await depositRetirement(this.#guests, person)
    return person
  }

  async register(changes: Partial<AccountRecord> = {}, name?: string): Promise<Person> {
    const person = await this.person(name)
    await this.publish(person, changes)
    return person
  }

  /** Publishes the next record of the person; throws unless it is accepted. */
  async publish(person: Person, changes: Partial<AccountRecord> = {}): Promise<User> {
    const record = await person.record(changes)
    const { status, body } = await this.request.put(userPath(person)).send({ record })
    if (status !== 200 && status !== 201) throw new Error(`not accepted: ${status} ${JSON.stringify(body)}`)
    person.accepted(record, changes.seq)
    return User.parse(body)
  }

  /** A new account key; the name can still be given back afterwards. */
  async rotate(person: Person): Promise<void> {
    await person.rotate()
    await depositRetirement(this.#guests, person)
  }

  async user(person: Person): Promise<User> {
    const { body } = await this.request.get(userPath(person)).expect(200)
    return User.parse(body)
  }

  /** All entries of the list with one of these names, wherever the list of strangers between them begins and ends. */
  async listed(query: string, people: readonly Person[]): Promise<UserSummary[]> {
    const names = new Set<string>(people.map((person) => person.name))
    const last =
      people
        .map((person) => person.name)
        .toSorted()
        .at(-1) ?? ''
    const found: UserSummary[] = []
    for await (const page of this.pages(`limit=200${query}`)) {
      found.push(...page.filter((user) => names.has(user.name)))
      if ((page.at(-1)?.name ?? '') >= last) break
    }
    return found
  }

  async *pages(query: string, cursor?: string): AsyncGenerator<UserSummary[]> {
    let next = cursor
    do {
      const { body } = await this.request
        .get(`/v1/users?${query}${next === undefined ? '' : `&cursor=${next}`}`)
        .expect(200)
      const page = UsersPage.parse(body)
      yield page.users
      next = page.next
    } while (next !== undefined)
  }
}

export function userPath({ name }: Person): string {
  return `/v1/users/${name}`
}

export function devicePath(person: Person, device = person.device): string {
  return `${userPath(person)}/devices/${device.id}`
}

/** What a refusal looks like, to match a response against (RFC 9457). */
export function problem(status: number, code: Problem['code'], rest: Readonly<Record<string, unknown>> = {}) {
  return { status, body: { type: `urn:parley:problem:${code}`, status, code, ...rest } }
}
