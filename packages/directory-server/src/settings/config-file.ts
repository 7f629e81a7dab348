import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { closest } from 'fastest-levenshtein'
import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import { SETTINGS } from './settings.ts'
import { SettingsError } from './settings-error.ts'

/** Where a value stands, for people. */
interface ConfigValue {
  readonly value: unknown
  readonly line: number
}

export interface ConfigFile {
  readonly path: string
  /** By the key of the setting. */
  readonly values: ReadonlyMap<string, ConfigValue>
}

/** Reads a YAML file of settings. Throws `bad-config-file` for one that cannot be read or has a key that is no setting. */
export function readConfigFile(path: string): ConfigFile {
  const lines = new LineCounter()
  const document = parseDocument(readText(path), { lineCounter: lines, prettyErrors: false })
  const lineAt = (offset: number) => lines.linePos(offset).line
  const [error] = document.errors
  if (error !== undefined) throw broken(path, lineAt(error.pos[0]), error.message)
  const values = new Map<string, ConfigValue>()
  const { contents } = document
  // An empty file, or one of comments only.
  if (contents === null || (isScalar(contents) && contents.value === null)) return { path, values }
  if (!isMap(contents)) throw broken(path, 1, 'settings are expected, each as `name: value`')
  for (const { key, value } of contents.items) {
    const name = isScalar(key) ? String(key.value) : ''
    const line = isScalar(key) && key.range ? lineAt(key.range[0]) : 1
    const setting = SETTINGS.find(({ yamlKey }) => yamlKey === name)
    if (setting === undefined)
      throw broken(path, line, `there is no setting "${name}"; did you mean "${nearest(name)}"?`)
    const plain: unknown = isNode(value) ? value.toJS(document) : undefined
    values.set(setting.key, { value: setting.isPath ? fromFile(path, plain) : plain, line })
  }
  return { path, values }
}

function fromFile(configPath: string, value: unknown): unknown {
  return typeof value === 'string' ? resolve(dirname(configPath), value) : value
}

function nearest(name: string): string {
  return closest(
    name,
    SETTINGS.map(({ yamlKey }) => yamlKey),
  )
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SettingsError('bad-config-file', `--config ${path}: ${why}`, { cause })
  }
}

function broken(path: string, line: number, sentence: string): SettingsError {
  return new SettingsError('bad-config-file', `${path} line ${line}: ${sentence}`)
}
