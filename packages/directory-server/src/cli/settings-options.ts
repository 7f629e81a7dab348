import { type Command, Option } from 'commander'
import type { ConfigFile } from '#settings/config-file.ts'
import { type EffectiveSettings, effectiveSettings } from '#settings/effective-settings.ts'
import { SETTINGS, type SettingNames } from '#settings/settings.ts'

type Environment = Readonly<Record<string, string | undefined>>

const CONFIG_VARIABLE = 'PARLEY_DIRECTORY_CONFIG'

/** Adds a flag for every setting, and `--config`. Each says its variable and its default. */
export function addSettingsOptions(program: Command): void {
  for (const setting of SETTINGS) for (const option of optionsOf(setting)) program.addOption(option)
  program.option('--config <file>', `settings as YAML (environment: ${CONFIG_VARIABLE})`)
}

/** What applies after the command line was parsed. Rejects with SettingsError. */
export async function readSettings(program: Command, environment: Environment): Promise<EffectiveSettings> {
  const values = Object.entries<unknown>(program.opts())
  const given = Object.fromEntries(values.filter(([key]) => program.getOptionValueSource(key) === 'cli'))
  const path = given['config'] ?? environment[CONFIG_VARIABLE]
  const config = typeof path === 'string' && path !== '' ? await readFrom(path) : undefined
  return effectiveSettings({ flags: given, environment, config })
}

async function readFrom(path: string): Promise<ConfigFile> {
  // Who reads YAML is large, and most directories have no such file.
  const { readConfigFile } = await import('#settings/config-file.ts')
  return readConfigFile(path)
}

function optionsOf(setting: SettingNames): Option[] {
  const { flag, yamlKey, placeholder, isList } = setting
  if (placeholder !== undefined) {
    const option = new Option(`${flag} ${placeholder}`, helpOf(setting))
    return [isList ? option.argParser(append) : option]
  }
  const [on, off] = [new Option(flag, helpOf(setting)), new Option(`--no-${yamlKey}`, helpOf(setting))]
  return setting.default === true ? [on.hideHelp(), off] : [on, off.hideHelp()]
}

function append(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

function helpOf({ help, variable, default: value }: SettingNames): string {
  const isShown = typeof value === 'string' || typeof value === 'number'
  return `${help} (${isShown ? `default: ${value}, ` : ''}environment: ${variable})`
}
