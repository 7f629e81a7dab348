import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { limitChanges } from '#limits/limit-changes.ts'
import { choice, integer, text, toggle } from './kinds.ts'
import { networks } from './networks.ts'

/** What is said about a setting besides what it can be. */
export interface Row {
  readonly help: string
  /** What stands for the value in the help. Without it the setting is a toggle. */
  readonly placeholder?: `<${string}>`
  readonly default?: string | number | boolean | readonly string[]
  /** Its flag can be repeated: its kind is given a list of texts then, and one text when it comes from the environment. */
  readonly isList?: boolean
  /** A path; one that is relative in a YAML file begins at that file. */
  readonly isPath?: boolean
  /** Shown to nobody, not in errors either. */
  readonly isSecret?: boolean
}

const rows = z.registry<Row>()

function setting<S extends z.ZodType>(kind: S, row: Row): S {
  rows.add(kind, row)
  return kind
}

const METRICS = ['on', 'loopback', 'off'] as const
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/**
 * The table of all settings; whoever adds one adds a row. Flag, variable and YAML key follow from the name: `dataDir` is
 * `--data-dir`, `PARLEY_DIRECTORY_DATA_DIR` and `data-dir`. startDirectory is given all of them.
 */
export const Settings = z.strictObject({
  host: setting(text(), { placeholder: '<address>', help: 'where to listen', default: '127.0.0.1' }),
  port: setting(integer(0, 65_535), {
    placeholder: '<number>',
    help: 'which port; 0 takes any free one',
    default: 5000,
  }),
  dataDir: setting(text(), {
    placeholder: '<directory>',
    help: 'where names, records and the key of this directory are kept',
    default: defaultDataDir(),
    isPath: true,
  }),
  tlsCert: setting(text().optional(), {
    placeholder: '<file>',
    help: 'serve https with this certificate chain, PEM; read again on SIGHUP',
    isPath: true,
  }),
  tlsKey: setting(text().optional(), {
    placeholder: '<file>',
    help: 'the private key of --tls-cert, PEM',
    isPath: true,
  }),
  insecureHttp: setting(toggle(), {
    help: 'allow an address that other machines reach, without encryption',
    default: false,
  }),
  trustProxy: setting(networks(), {
    placeholder: '<CIDR>',
    help: 'believe X-Forwarded-For of proxies in this network, as 10.0.0.0/8; repeatable',
    default: [],
    isList: true,
  }),
  rateLimit: setting(choice(['auto', 'on', 'off']), {
    placeholder: '<auto|on|off>',
    help: 'limits per source: auto leaves out this machine while nobody else can reach the directory',
    default: 'auto',
  }),
  registrationToken: setting(text().optional(), {
    placeholder: '<token>',
    help: 'take new names only with this token; safer in the environment or in --registration-token-file',
    isSecret: true,
  }),
  registrationTokenFile: setting(text().optional(), {
    placeholder: '<file>',
    help: 'a file that holds the token',
    isPath: true,
  }),
  allowList: setting(text().optional(), {
    placeholder: '<file>',
    help: 'take new names only from this file of names and account ids; read again on SIGHUP',
    isPath: true,
  }),
  readOnly: setting(toggle(), {
    help: 'take no changes; lookups and presence go on',
    default: false,
  }),
  limit: setting(limitChanges(), {
    placeholder: '<NAME=VALUE>',
    help: 'change one of the limits that --print-limits tells; repeatable',
    default: [],
    isList: true,
  }),
  ipLookup: setting(toggle(), {
    help: 'tell nobody who was seen at an address (GET /v1/users?ip=)',
    default: true,
  }),
  metrics: setting(choice(METRICS), {
    placeholder: '<who>',
    help: 'who may read /metrics: on (everybody), loopback (this machine, without a proxy between), off',
    default: 'loopback',
  }),
  logLevel: setting(choice(LOG_LEVELS), {
    placeholder: '<level>',
    help: 'least important log lines to write, to stderr',
    default: 'info',
  }),
})
export type Settings = z.infer<typeof Settings>

/** One row of the table with the names by which it is given. */
export interface SettingNames extends Row {
  readonly key: string
  readonly flag: string
  readonly variable: string
  readonly yamlKey: string
}

export const SETTINGS: readonly SettingNames[] = Object.entries(Settings.shape).map(([key, kind]) => {
  const row = rows.get(kind)
  if (row === undefined) throw new TypeError(`the setting ${key} has no row`)
  const yamlKey = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const variable = `PARLEY_DIRECTORY_${yamlKey.replaceAll('-', '_').toUpperCase()}`
  return { ...row, key, yamlKey, variable, flag: `--${yamlKey}` }
})

/** https://specifications.freedesktop.org/basedir-spec: relative paths are to be ignored. */
function defaultDataDir(): string {
  const base = process.env['XDG_DATA_HOME']
  return join(base?.startsWith('/') ? base : join(homedir(), '.local', 'share'), 'parley-directory')
}
