import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync, Visitor } from 'oxc-parser'

interface PackageRule {
  /** Packages of ours that every file may import. */
  packages: readonly string[]
  /** Folder under src -> the folders it may import besides itself. Without it the package has no layers. */
  folders?: Readonly<Record<string, readonly string[]>>
  /** Folder -> packages that only this folder may import. */
  folderPackages?: Readonly<Record<string, readonly string[]>>
  /** Files at the root of src; they see every folder, and no folder sees them. */
  roots?: readonly string[]
}

// Imports point down. Whoever needs something from above declares a function type, and the composition root passes it in.
const rules: Readonly<Record<string, PackageRule>> = {
  // What both sides must agree on depends on neither of them.
  shared: { packages: [] },

  // A client of the peer's API knows the schemas of that API and nothing of the peer.
  'api-client': { packages: ['shared'] },

  'directory-server': {
    packages: ['shared'],
    folders: {
      // Which maxima a directory has, and what each is for. Below everything that keeps one; most ask only for those they keep.
      limits: [],
      // Tables; they know nothing of signatures or of HTTP.
      store: [],
      // Which signed record is accepted: decided here, kept by the store.
      records: ['store'],
      // Who is online lives in memory and is forgotten at a restart, so it needs no store.
      presence: [],
      // Numbers for operators; where they come from is passed in.
      metrics: [],
      // The only folder that knows status codes and sockets.
      http: ['limits', 'store', 'records', 'presence', 'metrics'],
      // What an operator can set, by flag, environment or file. Nobody reads it but the roots and the command line.
      settings: ['limits'],
      // The commands; the running directory comes in as a function.
      cli: ['limits', 'settings', 'store', 'http'],
    },
    roots: ['directory-server.ts', 'parley-directory.ts', 'main.ts'],
  },

  'peer-client': {
    packages: ['shared'],
    folders: {
      // The keys of this device; everything may build on them, they build on nothing.
      identity: [],
      store: [],
      // A byte pipe to another peer. It carries ciphertext and is trusted with nothing.
      transport: ['identity'],
      // Ratchets and their tables. It never learns that there is a network.
      encryption: ['identity', 'store'],
      // What owners signed, fetched, verified and pinned.
      directory: ['identity', 'store'],
      // TLS and frames over any pipe; the same code whatever the transport, and no table.
      session: ['identity', 'transport'],
      // Where a peer can be reached now.
      discovery: ['transport', 'directory'],
      // When to dial, and which session to keep of two.
      connection: ['session', 'discovery'],
      // Outbox and inbox: writes to a session it is given, and so never dials.
      delivery: ['session', 'encryption', 'store', 'identity'],
      // What people mean by sending: who the recipients are, when to seal, what to show.
      conversation: ['delivery', 'connection', 'encryption', 'directory', 'store', 'identity'],
      // HTTP and WebSocket for the faces of this peer.
      api: ['conversation', 'directory', 'session', 'store', 'identity'],
      // What of a profile goes to another machine, and how a new device goes on from it.
      backup: ['delivery', 'store', 'identity'],
      // Judges databases after the fact; it must not run the code that it judges.
      ledger: ['store'],
      // A face like any other: it reaches the daemon through the API, which is complete because of that.
      cli: [],
    },
    // The API serves the web app's files; it knows nothing of what is in them.
    folderPackages: { cli: ['api-client'], api: ['web-ui'] },
    roots: [
      'engine.ts',
      'engine-options.ts',
      'network.ts',
      'peer-options.ts',
      'profile.ts',
      'change-passphrase.ts',
      'back-up.ts',
      'restore.ts',
      'daemon-log.ts',
      'peer.ts',
      'peer-daemon.ts',
      'peer-refusals.ts',
      'daemon.ts',
      'first-run.ts',
      'actions-in.ts',
      'parley.ts',
      'main.ts',
    ],
  },

  // A client of the peer's API, in a browser. What may run there is in src; what builds and finds its files is outside of it.
  'web-ui': {
    packages: ['shared', 'api-client'],
    folders: {
      // Every word that is shown.
      words: [],
      // Texts to safe elements, heights to offsets, times to words: no state, no element of ours.
      text: ['words'],
      // What the app knows, and the daemon that tells it.
      state: ['words', 'text'],
      // What is drawn in many places.
      parts: ['words', 'text', 'state'],
      views: ['words', 'text', 'state', 'parts'],
    },
    roots: ['main.tsx', 'no-compiled-schemas.ts'],
  },

  // A stranger to every directory: it knows what both sides agree on.
  'directory-console': { packages: ['shared'] },

  // Both look at the whole system, by its front doors.
  e2e: { packages: ['shared', 'api-client', 'directory-server', 'peer-client'] },
  benchmarks: { packages: ['shared', 'api-client', 'directory-server', 'peer-client'] },
}

const SCOPE = '@parley/'

interface Import {
  line: number
  /** Undefined when it is computed, so that nobody can tell what it imports. */
  specifier: string | undefined
}

/** The sources that were read, and every import against the rules as `path:line: reason`, in order of path. */
export function checkLayers(root: string): { files: number; violations: string[] } {
  const paths = globSync('packages/*/src/**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}', { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
  const violations: string[] = []
  for (const path of paths) {
    const [, packageName = '', , ...rest] = path.split('/')
    const file = rest.join('/')
    const rule = rules[packageName]
    if (rule === undefined) {
      violations.push(`${path}:1: the package ${packageName} is not in the table of scripts/check-layers.ts`)
      continue
    }
    const misplaced = judgePlace(rule, file)
    if (misplaced !== undefined) violations.push(`${path}:1: ${misplaced}`)
    const { imports, errors } = readImports(path, readFileSync(join(root, path), 'utf8'))
    for (const error of errors) violations.push(`${path}:1: cannot be parsed: ${error}`)
    for (const { line, specifier } of imports) {
      const reason = judgeImport(rule, file, specifier)
      if (reason !== undefined) violations.push(`${path}:${line}: ${reason}`)
    }
  }
  return { files: paths.length, violations }
}

function judgePlace(rule: PackageRule, file: string): string | undefined {
  const folder = folderOf(file)
  if (folder === undefined) {
    if (rule.roots === undefined || rule.roots.includes(file)) return undefined
    return `${file} is not one of the files at the root of src (${rule.roots.join(', ')}); put it into a folder`
  }
  if (rule.folders === undefined || Object.hasOwn(rule.folders, folder)) return undefined
  return `the folder ${folder} is not in the table of scripts/check-layers.ts`
}

function judgeImport(rule: PackageRule, file: string, specifier: string | undefined): string | undefined {
  if (specifier === undefined) return 'a computed import cannot be checked; write the specifier as a literal'
  if (specifier.startsWith('/') || specifier.startsWith('file:')) return `${specifier}: an absolute import`
  if (specifier.startsWith(SCOPE)) return judgePackage(rule, file, specifier)
  if (specifier.startsWith('#')) return judgeFolder(rule, file, posix.normalize(specifier.slice(1)), specifier)
  if (!/^\.{1,2}(\/|$)/.test(specifier)) return undefined

  const target = posix.join(posix.dirname(file), specifier)
  if (target.startsWith('..')) return `${specifier}: a relative import leaves src; import the package by its name`
  if (folderOf(target) !== folderOf(file)) {
    return `${specifier}: a relative import crosses a folder; write #${target}`
  }
  return undefined
}

function judgePackage(rule: PackageRule, file: string, specifier: string): string | undefined {
  const name = specifier.slice(SCOPE.length).split('/')[0] ?? ''
  if (rule.packages.includes(name)) return undefined
  const folder = folderOf(file)
  const folderPackages = rule.folderPackages ?? {}
  if (folder !== undefined && Object.hasOwn(folderPackages, folder) && folderPackages[folder]?.includes(name)) {
    return undefined
  }
  return `${specifier}: ${folder === undefined ? file : `${folder}/`} may not import the package ${name}`
}

function judgeFolder(rule: PackageRule, file: string, target: string, specifier: string): string | undefined {
  if (target.startsWith('..')) return `${specifier}: leaves src`
  const from = folderOf(file)
  // A package without layers is ordered by noImportCycles alone; a composition root sees everything.
  if (rule.folders === undefined || from === undefined) return undefined
  const to = folderOf(target)
  if (to === undefined) return `${specifier}: ${from}/ may not import a file at the root of src, which is above it`
  if (from === to) return undefined
  const allowed = Object.hasOwn(rule.folders, from) ? (rule.folders[from] ?? []) : []
  if (allowed.includes(to)) return undefined
  return `${specifier}: ${from}/ may import ${allowed.length === 0 ? 'no other folder' : allowed.join(', ')}, not ${to}`
}

/** The first folder below src, or undefined for a file at its root. */
function folderOf(file: string): string | undefined {
  const end = file.indexOf('/')
  return end === -1 ? undefined : file.slice(0, end)
}

function readImports(path: string, source: string): { imports: Import[]; errors: string[] } {
  const { program, errors } = parseSync(path, source)
  const imports: Import[] = []
  const add = (at: { start: number }, value: unknown) => {
    const line = source.slice(0, at.start).split('\n').length
    imports.push({ line, specifier: typeof value === 'string' ? value : undefined })
  }
  // Imports of types count: they tie the layers together as much as those of values do.
  new Visitor({
    ImportDeclaration: (node) => add(node, node.source.value),
    ExportAllDeclaration: (node) => add(node, node.source.value),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) add(node, node.source.value)
    },
    ImportExpression: (node) => add(node, node.source.type === 'Literal' ? node.source.value : undefined),
    TSImportType: (node) => add(node, node.source.value),
  }).visit(program)
  return { imports, errors: errors.map((error) => error.message) }
}

if (import.meta.main) {
  const { files, violations } = checkLayers(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url)))
  for (const violation of violations) console.error(violation)
  // A checker that finds nothing to check has lost its way; that must not look like success.
  if (files === 0) console.error('no source files found under packages/*/src')
  if (files === 0 || violations.length > 0) process.exitCode = 1
  else console.log(`${files} files keep to their layers`)
}
