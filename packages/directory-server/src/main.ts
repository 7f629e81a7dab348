#!/usr/bin/env node
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { destination, type Logger, pino } from 'pino'
import { z } from 'zod'
import { DIRECTORY_LIMITS } from '#http/directory-limits.ts'
import { StoreError } from '#store/store-error.ts'
import { DEFAULT_HOST, DEFAULT_PORT, DirectoryError, startDirectory } from './directory-server.ts'

const EXIT = { done: 0, usage: 64, unavailable: 69, internal: 70, inUse: 71, unsafe: 73, io: 74 } as const
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

const Flags = z.object({
  host: z.string(),
  port: z.int(),
  dataDir: z.string(),
  json: z.boolean(),
  logLevel: z.string(),
  insecureHttp: z.boolean(),
  printLimits: z.boolean(),
})
type Flags = z.infer<typeof Flags>

function readFlags(args: readonly string[]): Flags {
  const command = new Command('parley-directory')
    .description('The directory: introduces people to each other; it never carries a message')
    .version(readVersion())
    .addOption(new Option('--host <address>', 'where to listen').env('PARLEY_DIRECTORY_HOST').default(DEFAULT_HOST))
    .addOption(
      new Option('--port <number>', 'which port; 0 takes any free one')
        .env('PARLEY_DIRECTORY_PORT')
        .argParser(readPort)
        .default(DEFAULT_PORT),
    )
    .addOption(
      new Option('--data-dir <directory>', 'where names, records and the key of this directory are kept')
        .env('PARLEY_DIRECTORY_DATA_DIR')
        .default(defaultDataDir()),
    )
    .option('--json', 'print what is printed as JSON', false)
    .addOption(
      new Option('--log-level <level>', 'least important log lines to write, to stderr')
        .env('PARLEY_DIRECTORY_LOG')
        .choices(LOG_LEVELS)
        .default('info'),
    )
    .option('--insecure-http', 'allow an address that other machines reach, without encryption', false)
    .option('--print-limits', 'print every maximum and end', false)
    .exitOverride()
  command.parse(args, { from: 'user' })
  return Flags.parse(command.opts())
}

function readPort(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('A port is a number from 0 to 65535.')
}

/** https://specifications.freedesktop.org/basedir-spec: relative paths are to be ignored. */
function defaultDataDir(): string {
  const base = process.env['XDG_DATA_HOME']
  return join(base?.startsWith('/') ? base : join(homedir(), '.local', 'share'), 'parley-directory')
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version
}

/** Lines for people on a terminal, JSON for machines; always on stderr, because stdout is for what was asked. */
async function createLogger(level: string): Promise<Logger> {
  if (!process.stderr.isTTY) return pino({ level }, destination({ dest: 2, sync: true }))
  const { default: pretty } = await import('pino-pretty')
  return pino({ level }, pretty({ destination: 2, sync: true, ignore: 'pid,hostname' }))
}

async function run(args: readonly string[]): Promise<number> {
  let flags: Flags
  try {
    flags = readFlags(args)
  } catch (error) {
    // commander has printed it: help and the version to stdout, mistakes to stderr.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    throw error
  }
  if (flags.printLimits) {
    printLimits(flags.json)
    return EXIT.done
  }
  return await serve(flags)
}

function printLimits(isJson: boolean): void {
  const lines = Object.entries(DIRECTORY_LIMITS).map(([name, value]) => `${name}=${value}`)
  console.log(isJson ? JSON.stringify(DIRECTORY_LIMITS) : lines.join('\n'))
}

async function serve({ host, port, dataDir, json, logLevel, insecureHttp }: Flags): Promise<number> {
  const ended = new AbortController()
  const stopped = once(ended.signal, 'abort')
  let exitCode: number = EXIT.done
  const onSignal = (signal: NodeJS.Signals) => {
    // Somebody who asks twice does not want to wait for what is under way.
    if (ended.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143)
    ended.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    await using directory = await startDirectory({
      host,
      port,
      dataDir,
      insecureHttp,
      log: await createLogger(logLevel),
      onFailed: () => {
        exitCode = EXIT.io
        ended.abort()
      },
    })
    const { url, directoryKey } = directory
    console.log(json ? JSON.stringify({ event: 'ready', url, directoryKey }) : `Parley directory ready at ${url}`)
    await stopped
  } catch (error) {
    return explain(error, `${host} port ${port}`)
  }
  return exitCode
}

/** One sentence for people, and the exit code. */
function explain(error: unknown, address: string): number {
  if (error instanceof DirectoryError) return fail(EXIT.usage, error.message)
  if (error instanceof StoreError) {
    if (error.code === 'data-dir-in-use') return fail(EXIT.inUse, error.message)
    if (error.code === 'unsafe-data-dir') return fail(EXIT.unsafe, error.message)
    return fail(error.code === 'failed' ? EXIT.io : EXIT.internal, error.message)
  }
  const { code, syscall } = systemErrorOf(error)
  if (code === 'EADDRINUSE') {
    return fail(EXIT.unavailable, `${address} is in use by another program; choose another with --port`)
  }
  if (syscall === 'listen' || syscall === 'getaddrinfo') {
    return fail(EXIT.unavailable, `cannot listen on ${address}: ${messageOf(error)}`)
  }
  return fail(code === undefined ? EXIT.internal : EXIT.io, messageOf(error))
}

function fail(exitCode: number, sentence: string): number {
  console.error(`parley-directory: ${sentence}`)
  return exitCode
}

const SystemError = z.object({ code: z.string().optional(), syscall: z.string().optional() })

/** Node's system errors and those of SQLite carry a code. */
function systemErrorOf(error: unknown): z.infer<typeof SystemError> {
  return SystemError.safeParse(error).data ?? {}
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

process.umask(0o077)
process.on('uncaughtException', (error) => {
  console.error(error)
  process.exit(EXIT.internal)
})
process.exitCode = await run(process.argv.slice(2))
