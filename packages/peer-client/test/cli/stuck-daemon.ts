// `parley start` with a daemon that, once asked to stop, never does.

import { Terminal } from '@parley/shared/terminal/terminal.ts'
import { runCli } from '#cli/program.ts'

const refuse = () => Promise.reject(new Error('not here'))

process.exitCode = await runCli(['start', '--json'], {
  actions: {
    locateProfile: refuse,
    knownProfiles: refuse,
    init: refuse,
    changePassphrase: refuse,
    backUp: refuse,
    restore: refuse,
    verifyLedger: refuse,
    start: () => {
      const never = new Promise<void>(() => {})
      // Something for the process to live for.
      setInterval(() => {}, 60_000)
      return Promise.resolve({
        ready: {
          name: 'stuck',
          account: '',
          device: '',
          listening: [],
          api: '',
          directory: null,
          profile: '',
          isNewProfile: false,
        },
        signInLink: () => ({ url: '', expiresAt: 0 }),
        stopped: never,
        stop: () => {
          console.log('stopping')
          return never
        },
      })
    },
  },
  terminal: new Terminal({ out: process.stdout, errors: process.stderr, environment: {} }),
  input: process.stdin,
  now: Date.now,
  version: '0',
})
