import type { ConfigFile } from './config-file.ts'
import { SETTINGS, type SettingNames, Settings } from './settings.ts'
import { SettingsError } from './settings-error.ts'

export type Origin = 'flag' | 'environment' | 'config' | 'default'

export interface GivenSettings {
  /** Values of flags by the key of their setting; only those that were on the command line. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly config: ConfigFile | undefined
}

export interface EffectiveSettings {
  readonly settings: Settings
  /** By the key of the setting. */
  readonly origins: ReadonlyMap<string, Origin>
}

interface Given {
  readonly origin: Origin
  readonly value: unknown
}

/** Flags over the environment over the file over the defaults. Throws SettingsError. */
export function effectiveSettings(given: GivenSettings): EffectiveSettings {
  const chosen = new Map(SETTINGS.map((setting) => [setting.key, choose(setting, given)]))
  const read = Settings.safeParse(Object.fromEntries([...chosen].map(([key, { value }]) => [key, value])))
  if (read.success) {
    return { settings: read.data, origins: new Map([...chosen].map(([key, { origin }]) => [key, origin])) }
  }
  const [issue] = read.error.issues
  const setting = SETTINGS.find(({ key }) => key === issue?.path[0])
  const value = setting && chosen.get(setting.key)
  if (issue === undefined || setting === undefined || value === undefined) throw read.error
  throw refusal(setting, value, issue.message, given.config)
}

function choose({ key, variable, ...row }: SettingNames, { flags, environment, config }: GivenSettings): Given {
  if (Object.hasOwn(flags, key)) return { origin: 'flag', value: flags[key] }
  // What is empty counts as not set: that is how compose files and unit files leave a variable out.
  const text = environment[variable]
  if (text !== undefined && text !== '') return { origin: 'environment', value: text }
  const inFile = config?.values.get(key)
  if (inFile !== undefined) return { origin: 'config', value: inFile.value }
  return { origin: 'default', value: row.default }
}

function refusal(setting: SettingNames, given: Given, sentence: string, config: ConfigFile | undefined) {
  const value = setting.isSecret ? '…' : given.value
  if (given.origin === 'config') {
    const line = config?.values.get(setting.key)?.line
    return new SettingsError('bad-config-file', `${config?.path} line ${line}: ${setting.yamlKey}: ${sentence}`)
  }
  return given.origin === 'environment'
    ? new SettingsError('bad-variable', `${setting.variable}=${String(value)}: ${sentence}`)
    : new SettingsError('bad-flag', `${setting.flag} ${String(value)}: ${sentence}`)
}

/** Every setting as it applies and where it came from, secrets masked. */
export function describeSettings({ settings, origins }: EffectiveSettings) {
  const values = new Map<string, unknown>(Object.entries(settings))
  return SETTINGS.map(({ key, yamlKey, isSecret }) => {
    const value = values.get(key)
    const shown = isSecret && value !== undefined ? '(secret)' : value
    return { name: yamlKey, value: shown ?? null, from: origins.get(key) ?? 'default' }
  })
}
