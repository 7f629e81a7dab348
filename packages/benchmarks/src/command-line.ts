import { parseArgs } from 'node:util'
import { BenchError } from '#bench/bench-error.ts'
import type { Load } from '#bench/load.ts'

export interface CommandLine {
  /** Undefined: say what there is. */
  readonly benchmark: string | undefined
  /** Of the benchmarks of this name, only these; undefined: all. */
  readonly only: readonly string[] | undefined
  readonly rounds: number
  readonly users: number
  readonly bulk: number
  readonly peers: number
  readonly page: number
  readonly load: Load
  readonly json: boolean
  readonly help: boolean
  readonly cpuProfiles: string | undefined
}

const DEFAULT_ROUNDS = 3
const DEFAULT_SECONDS = 5
const DEFAULT_USERS = 100_000
const DEFAULT_BULK = 1_000_000
const DEFAULT_PEERS = 100
const DEFAULT_PAGE = 100_000

export const OPTIONS_HELP = `Options:
  --rounds N      how often each contestant is measured, in turns (${DEFAULT_ROUNDS})
  --seconds N     how long messages or requests flow through each one, after a warm-up (${DEFAULT_SECONDS})
  --messages N    instead of --seconds: how many messages or requests
  --only A,B      of several benchmarks under one name, only these
  --users N       how many users the directory has where that matters (${DEFAULT_USERS})
  --bulk N        how many messages a long conversation has (${DEFAULT_BULK})
  --peers N       how many peers a crowd has (${DEFAULT_PEERS})
  --page N        how many messages the conversation in the browser has (${DEFAULT_PAGE})
  --json          print all figures of all rounds as JSON, one line for each benchmark
  --cpu-prof DIR  leave a CPU profile of each process there; it slows them down
  --help          print this

Examples:
  pnpm bench messages                        all of its parts, three rounds each
  pnpm bench directory --users 1000 --json   a small directory, for a program`

/** Throws BenchError `usage`. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parse(args)
  const [benchmark, ...others] = positionals
  if (others.length > 0) throw usage(`one benchmark at a time, not also ${others.join(', ')}`)
  if (values.seconds !== undefined && values.messages !== undefined) throw usage('--seconds or --messages, not both')
  return {
    benchmark,
    only: values.only?.split(','),
    users: values.users === undefined ? DEFAULT_USERS : wholeNumber('--users', values.users),
    rounds: values.rounds === undefined ? DEFAULT_ROUNDS : wholeNumber('--rounds', values.rounds),
    bulk: values.bulk === undefined ? DEFAULT_BULK : wholeNumber('--bulk', values.bulk),
    peers: values.peers === undefined ? DEFAULT_PEERS : wholeNumber('--peers', values.peers),
    page: values.page === undefined ? DEFAULT_PAGE : wholeNumber('--page', values.page),
    load:
      values.messages === undefined
        ? { seconds: values.seconds === undefined ? DEFAULT_SECONDS : wholeNumber('--seconds', values.seconds) }
        : { messages: wholeNumber('--messages', values.messages) },
    json: values.json,
    help: values.help,
    cpuProfiles: values['cpu-prof'],
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        messages: { type: 'string' },
        only: { type: 'string' },
        users: { type: 'string' },
        bulk: { type: 'string' },
        peers: { type: 'string' },
        page: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false, short: 'h' },
        'cpu-prof': { type: 'string' },
      },
    })
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function wholeNumber(option: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw usage(`${option} takes a whole number from 1 on, not "${text}"`)
}

function usage(message: string, options?: ErrorOptions): BenchError {
  return new BenchError('usage', message, options)
}
