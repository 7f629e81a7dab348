// Asks for users of a directory, or of a baseline, as fast as it answers.
import { pace } from '#bench/load.ts'
import { serveParent } from '#bench/serve-parent.ts'
import { makeRequests } from './quick-client.ts'
import { userName, wander } from './user-names.ts'

const [, , port = '', users = '', connections = '', header = 'Accept: application/json'] = process.argv
const requests = Array.from({ length: Number(users) }, (_, number) =>
  Buffer.from(`GET /v1/users/${userName(number)} HTTP/1.1\r\nHost: 127.0.0.1\r\n${header}\r\n\r\n`),
)
const nextUser = wander(requests.length)

function ask(next: () => Buffer | undefined) {
  return makeRequests({ port: Number(port), connections: Number(connections), next, status: 200 })
}

await serveParent(
  {},
  {
    askForEach: () => {
      const each = requests.values()
      return ask(() => each.next().value)
    },
    ask: (load) => {
      const more = pace(load)
      return ask(() => (more() ? requests[nextUser()] : undefined))
    },
  },
)
