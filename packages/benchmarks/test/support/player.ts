// A child process for the tests: what it does stands on the command line.
import { serveParent } from '#bench/serve-parent.ts'

const [, , role, text = ''] = process.argv

switch (role) {
  case 'doubling':
    await serveParent({ pid: process.pid }, { double: ({ number = Number.NaN }) => ({ number: number * 2 }) })
    break
  case 'failing':
    await serveParent({}, { fail: () => Promise.reject(new Error(text)) })
    break
  case 'never-ready':
    console.error(text)
    process.exit(3)
    break
  case 'stubborn':
    await serveParent({ pid: process.pid }, {})
    setInterval(() => undefined, 1_000)
    break
  case 'ends-badly':
    await serveParent({}, {})
    process.exitCode = 4
    break
  default:
    throw new RangeError(`no role ${role}`)
}
