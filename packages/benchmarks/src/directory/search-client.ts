// Searches one after the other on one connection, by what somebody really is called.
import { figureOf } from '#bench/note.ts'
import { serveParent } from '#bench/serve-parent.ts'
import { displayName } from './display-names.ts'
import { makeRequests } from './quick-client.ts'
import { wander } from './user-names.ts'

const [, , port = '', users = ''] = process.argv
const nextUser = wander(Number(users))

/** What is typed: so many letters of a word of a name, from this place of the word on. */
const TYPED = {
  beginning: { from: 0, letters: 5 },
  part: { from: 2, letters: 5 },
} as const

function requestFor({ from, letters }: { from: number; letters: number }): Buffer {
  const [, word = ''] = displayName(nextUser()).split(' ')
  const q = encodeURIComponent(word.slice(from, from + letters))
  return Buffer.from(`GET /v1/search?q=${q} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
}

function search(typed: { from: number; letters: number }, count: number) {
  let left = count
  const next = () => (left-- > 0 ? requestFor(typed) : undefined)
  return makeRequests({ port: Number(port), connections: 1, next, status: 200 })
}

await serveParent(
  {},
  {
    beginning: (numbers) => search(TYPED.beginning, figureOf(numbers, 'count')),
    part: (numbers) => search(TYPED.part, figureOf(numbers, 'count')),
  },
)
