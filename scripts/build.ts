// `pnpm build`: makes of each program a few files that start in half the time of its sources, and are what is published.
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type OutputAsset, type OutputChunk, rolldown } from 'rolldown'
import { ROOT } from './running/process-group.ts'

/** Of a package, to its program. */
export const BUILT_MAIN = 'dist/program/main.js'

type Entries = Readonly<Record<string, Readonly<Record<string, string>>>>

/** By package, what is started by its name: the program, and its threads. */
const PUBLISHED: Entries = {
  'directory-server': { main: 'src/main.ts', 'search-worker': 'src/store/search-worker.ts' },
  'peer-client': { main: 'src/main.ts', 'match-worker': 'src/store/match-worker.ts' },
  'directory-console': { main: 'src/main.ts' },
}

/** What only the tests start so: the laboratory's peers and the program as it plants bugs in it, and the benchmarks, which measure from the sources when they measure. */
const FOR_TESTS: Entries = {
  e2e: {
    ...entriesOf('src', 'peer-runner', 'plant-faults', 'moving-clock'),
    ...entriesOf('../peer-client/src', 'main'),
    ...entriesOf('../peer-client/src/store', 'match-worker'),
  },
  benchmarks: {
    ...entriesOf('src', 'main'),
    ...entriesOf('src/messages', 'raw-tcp-player', 'joined-tls-player', 'committer'),
    ...entriesOf('src/messages', 'parley-sender', 'parley-receiver', 'parley-crowd'),
    ...entriesOf('src/directory', 'node-map', 'lookup-client', 'registration-client', 'search-client', 'raw-sockets'),
    ...entriesOf('src/directory', 'fan-out-client', 'idle-client', 'crowd-client', 'parley-directory'),
    ...entriesOf('../directory-server/src/store', 'search-worker'),
    ...entriesOf('../peer-client/src/store', 'match-worker'),
  },
}

function entriesOf(folder: string, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `${folder}/${name}.ts`]))
}

/** They look for files beside their own: machine code, pages, or what drives a browser. */
const LEFT_OUT = ['@parley/web-ui', 'cbor-extract', 'playwright-core', 'swagger-ui-dist']
/** `ws` takes the first two where somebody has installed them; `ink` the last one, for whoever develops with it. */
const OPTIONAL = ['bufferutil', 'utf-8-validate', 'react-devtools-core']

/** All programs, from the sources as they are now. Rejects when one cannot be built. */
async function buildPrograms(): Promise<void> {
  await Promise.all([
    ...Object.entries(PUBLISHED).map(([name, entries]) => build(name, entries, codeInPackage)),
    ...Object.entries(FOR_TESTS).map(([name, entries]) => build(name, entries, codeHere)),
  ])
}

async function build(name: string, entries: Entries[string], machineCode: Rewrites): Promise<void> {
  const root = join(ROOT, 'packages', name)
  await using bundle = await rolldown({
    cwd: root,
    input: { ...entries },
    platform: 'node',
    external: [...LEFT_OUT, ...OPTIONAL],
    // Of `react` only the edition that does not check what it is told.
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    plugins: [
      { name: 'rewritten', load: (id) => rewrite(id, { ...NARROWED, ...machineCode }) },
      { name: 'named-of-node', renderChunk: (code) => ({ code: takeFromNode(code), map: null }) },
    ],
    treeshake: { moduleSideEffects: [{ test: /\/@signalapp\/libsignal-client\//, sideEffects: false }] },
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(log.message)
    },
  })
  const { output } = await bundle.generate({ format: 'esm', sourcemap: true, entryFileNames: '[name].js' })
  writeChanged(join(root, dirname(BUILT_MAIN)), output)
}

/** Files of libraries that are not bundled as they are, by the end of their paths. */
type Rewrites = Readonly<Record<string, (source: string, folder: string) => string>>

/** What their libraries have for others, and would be read at each start. */
const NARROWED: Rewrites = {
  // One word of English is all that we say of an error of a schema.
  '/zod/v4/locales/index.js': () => `export { default as en } from './en.js'`,
  // All bodies are read as bytes, whatever they say of their characters.
  '/iconv-lite/encodings/index.js': () => `module.exports = require('./internal')`,
  // `process` is there without being imported, which reads all that it has: reports, threads. No command of ours is a program of its own.
  '/commander/lib/command.js': (source) => {
    const withGlobal = replaced(source, "import process from 'node:process';", '')
    return replaced(withGlobal, "import childProcess from 'node:child_process';", 'const childProcess = undefined;')
  },
}

// Both look for their machine code beside themselves. It stays in their packages, and that is where they are to look:
const SIGNAL = '/libsignal-client/dist/Native.js'
const SQLITE = '/lib/binding.js'

/** in the packages as they are installed where the program is. */
const codeInPackage: Rewrites = {
  [SIGNAL]: (source) => `${URLS}\n${replaced(source, 'import.meta.dirname', SIGNAL_FOLDER)}`,
  [SQLITE]: (source) =>
    replaced(toldOfNoNetwork(source), '__dirname', `path.dirname(require.resolve('better-sqlite3'))`),
}
const URLS = `import { fileURLToPath } from 'node:url'`
const SIGNAL_FOLDER = `fileURLToPath(new URL('.', import.meta.resolve('@signalapp/libsignal-client')))`

/** or here, for whoever does not depend on them by itself. */
const codeHere: Rewrites = {
  [SIGNAL]: (source, folder) => replaced(source, 'import.meta.dirname', JSON.stringify(folder)),
  [SQLITE]: (source, folder) => replaced(toldOfNoNetwork(source), '__dirname', JSON.stringify(folder)),
}

/** The older of the two asks Node for a report, to tell musl from glibc: looking the network up is most of that, and nobody reads it. */
function toldOfNoNetwork(source: string): string {
  return source.replace(
    'process.report.getReport()',
    'Object.assign(process.report, { excludeNetwork: true }).getReport()',
  )
}

function rewrite(id: string, rewrites: Rewrites): string | null {
  const found = Object.entries(rewrites).find(([end]) => id.endsWith(end))
  return found === undefined ? null : found[1](readFileSync(id, 'utf8'), dirname(id))
}

/**
 * An import of a module of Node's reads everything that it exports, and many an export is loaded when it is first read: of `node:util`
 * the threads, of `node:crypto` all of Web Crypto. Here only what is named is read. Each import is a line of its own, and stays one.
 */
function takeFromNode(code: string): string {
  return code.replaceAll(
    IMPORT_FROM_NODE,
    (_line, whole: string | undefined, names: string | undefined, id: string) => {
      const taken = [whole, names?.replaceAll(' as ', ': ')].filter((pattern) => pattern !== undefined)
      return taken.map((pattern) => `const ${pattern} = process.getBuiltinModule("${id}");`).join(' ')
    },
  )
}
const IMPORT_FROM_NODE = /^import (?:(?:\* as )?([\w$]+))?(?:, )?(\{[^}]*\})? from "(node:[\w/]+)";$/gm

/** Throws when the library is not what it was. */
function replaced(source: string, text: string, by: string): string {
  if (!source.includes(text)) throw new Error(`there is no ${text} to be replaced`)
  return source.replaceAll(text, by)
}

/** Leaves alone what is as it should be: another run of the tests may be starting it. */
function writeChanged(folder: string, output: readonly (OutputAsset | OutputChunk)[]): void {
  mkdirSync(folder, { recursive: true })
  for (const file of output) {
    const path = join(folder, file.fileName)
    const content = Buffer.from(file.type === 'chunk' ? file.code : file.source)
    if (!existsSync(path) || !readFileSync(path).equals(content)) writeFileSync(path, content)
  }
  const made = new Set(output.map(({ fileName }) => fileName))
  for (const old of globSync('*', { cwd: folder })) {
    if (!made.has(old)) rmSync(join(folder, old))
  }
}

if (import.meta.main) {
  const started = performance.now()
  await buildPrograms()
  for (const name of Object.keys({ ...PUBLISHED, ...FOR_TESTS }))
    console.log(join('packages', name, dirname(BUILT_MAIN)))
  console.log(`built in ${((performance.now() - started) / 1000).toFixed(1)} s`)
}
