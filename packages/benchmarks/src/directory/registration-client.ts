// Registers people at a directory, or puts the same bodies to a baseline. They are signed before, which is not what is measured.
import { audienceOf } from '@parley/shared/hashes.ts'
import { DirectoryKey } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { figureOf } from '#bench/note.ts'
import { serveParent } from '#bench/serve-parent.ts'
import { audienceAt, newPerson } from './people.ts'
import { makeRequests } from './quick-client.ts'

const [, , kind, port = ''] = process.argv
const audience =
  kind === 'directory' ? await audienceAt(Number(port)) : audienceOf(generateKeyPair(DirectoryKey).publicKey)
const ready: Buffer[] = []
let made = 0

await serveParent(
  {},
  {
    sign: async ({ count = 0 }) => {
      for (; ready.length < count; made += 1) {
        const { name, record } = await newPerson(`person-${String(made).padStart(7, '0')}`, audience)
        const body = JSON.stringify({ record })
        const head = [`PUT /v1/users/${name} HTTP/1.1`, 'Host: 127.0.0.1', 'Content-Type: application/json']
        ready.push(Buffer.from(`${head.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`))
      }
      return {}
    },
    register: (numbers) => {
      let left = figureOf(numbers, 'count')
      const next = () => (left-- > 0 ? ready.pop() : undefined)
      return makeRequests({ port: Number(port), connections: figureOf(numbers, 'inFlight'), next, status: 201 })
    },
  },
)
