import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SETTINGS } from '#settings/settings.ts'
import { readHere } from './support/read-here.ts'
import { SpawnedDirectory, scratch } from './support/spawned-directory.ts'

/** What --print-config says, by the name of the setting. */
async function printed(...[args, options]: Parameters<typeof readHere>) {
  const { stdout, stderr } = await readHere([...args, '--print-config', '--json'], options)
  if (stdout === '') throw new Error(stderr)
  const settings: { name: string; value: unknown; from: string }[] = JSON.parse(stdout)
  return Object.fromEntries(settings.map(({ name, ...rest }) => [name, rest]))
}

describe('the settings of parley-directory', () => {
  test('are taken from flags before the environment, before the file, before the defaults', async () => {
    await using place = await scratch()
    const config = join(place.dir, 'directory.yaml')
    await writeFile(config, '# ours\nport: 1\nhost: ::1\nlog-level: warn\n')
    const env = { PARLEY_DIRECTORY_PORT: '2', PARLEY_DIRECTORY_HOST: '127.0.0.2', PARLEY_DIRECTORY_CONFIG: config }

    expect(await printed(['--port', '3'], { env })).toMatchObject({
      port: { value: 3, from: 'flag' },
      host: { value: '127.0.0.2', from: 'environment' },
      'log-level': { value: 'warn', from: 'config' },
      'insecure-http': { value: false, from: 'default' },
    })
  })

  test('start the directory', async () => {
    await using place = await scratch()
    await mkdir(join(place.dir, 'etc'))
    const config = join(place.dir, 'etc', 'directory.yaml')
    // A path that is relative begins at the file.
    await writeFile(config, 'port: 0\ndata-dir: ../data\n')
    const env = { PARLEY_DIRECTORY_HOST: '::1', PARLEY_DIRECTORY_LOG_LEVEL: 'debug' }
    await using directory = new SpawnedDirectory(['serve', '--config', config, '--log-level', 'silent'], { env })

    expect(await directory.url()).toMatch(/^http:\/\/\[::1\]:\d+$/)
    expect(await readdir(join(place.dir, 'data'))).toContain('directory.sqlite')
    expect(await directory.kill('SIGTERM')).toMatchObject({ exitCode: 0, stderr: '' })
  })

  test('can be turned off by a flag, and an empty variable counts as none', async () => {
    const env = { PARLEY_DIRECTORY_INSECURE_HTTP: 'on', PARLEY_DIRECTORY_PORT: '' }

    const [by, against] = await Promise.all([printed([], { env }), printed(['--no-insecure-http'], { env })])

    expect(by).toMatchObject({ 'insecure-http': { value: true }, port: { value: 5000, from: 'default' } })
    expect(against).toMatchObject({ 'insecure-http': { value: false, from: 'flag' } })
  })

  test.each([
    ['a key that is no setting', 'host: ::1\nprot: 5000\n', 'line 2: there is no setting "prot"; did you mean "port"?'],
    ['a value that does not fit', 'port: many\n', 'line 1: port: a whole number from 0 to 65535 is expected'],
    ['a null', '\n\nhost:\n', 'line 3: host: a text is expected'],
    ['the same key twice', 'port: 1\nport: 2\n', 'line 2: Map keys must be unique'],
    ['a list', '- port\n', 'line 1: settings are expected, each as `name: value`'],
    ['no YAML', 'port: [1\n', 'line 2: '],
  ])('that are in a file with %s are refused with 64', async (_, yaml, sentence) => {
    await using place = await scratch()
    const config = join(place.dir, 'directory.yaml')
    await writeFile(config, yaml)
    const ended = await readHere(['--config', config, '--data-dir', join(place.dir, 'data')])

    expect(ended).toMatchObject({ exitCode: 64, stdout: '' })
    expect(ended.stderr).toContain(`parley-directory: ${config} ${sentence}`)
    expect(await readdir(place.dir)).toEqual(['directory.yaml'])
  })

  test('are refused with 64 when the file is missing, and when a variable does not fit', async () => {
    await using directory = new SpawnedDirectory(['--config', '/nonexistent.yaml'])
    const missing = await directory.ended
    const variable = await readHere([], { env: { PARLEY_DIRECTORY_INSECURE_HTTP: 'maybe' } })

    expect(missing).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining('--config /nonexistent.yaml: ENOENT'),
    })
    expect(variable).toMatchObject({
      exitCode: 64,
      stderr: 'parley-directory: PARLEY_DIRECTORY_INSECURE_HTTP=maybe: on or off is expected\n',
    })
  })

  test('are all in the page for operators', async () => {
    const page = await readFile(new URL('../../../docs/operating.md', import.meta.url), 'utf8')
    expect(SETTINGS.map(({ yamlKey }) => yamlKey).filter((key) => !page.includes(`\`${key}\``))).toEqual([])
  })

  test('are told by --help with their variable and their default', async () => {
    const { exitCode, stdout } = await readHere(['--help'])
    const text = stdout.replaceAll(/\s+/g, ' ')

    expect(exitCode).toBe(0)
    expect(text).toContain(
      '--port <number> which port; 0 takes any free one (default: 5000, environment: PARLEY_DIRECTORY_PORT)',
    )
    expect(text).toContain('--config <file>')
  })
})
