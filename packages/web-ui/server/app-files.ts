// The files that a browser gets. In a checkout they are built when the sources are others than those they were built from; in a
// published package they come with it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { extname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hashOfSources, ROOT } from './sources.ts'

export interface AppFile {
  /** The value of Content-Type. */
  readonly type: string
  readonly bytes: Buffer
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
}

const MAX_BUILD_MS = 120_000
const BUILT = /^app-[0-9a-f]{16}$/

/** By the path of the URL; `/` is the page. Kept in memory by whoever asks, so that a later build changes nothing under way. Rejects when they cannot be built. */
export async function appFiles(): Promise<ReadonlyMap<string, AppFile>> {
  const folder = await builtFolder()
  const files = new Map<string, AppFile>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)]
    if (!entry.isFile() || type === undefined) continue
    const file = join(entry.parentPath, entry.name)
    const path = `/${relative(folder, file).replaceAll('\\', '/')}`
    files.set(path === '/index.html' ? '/' : posix.normalize(path), { type, bytes: await readFile(file) })
  }
  return files
}

async function builtFolder(): Promise<string> {
  const hash = hashOfSources()
  // Compiled, this file lies in dist/server, and the app beside that folder.
  if (hash === undefined) return fileURLToPath(new URL('../app', import.meta.url))
  const dist = join(ROOT, 'dist')
  const folder = join(dist, `app-${hash}`)
  if (!existsSync(folder)) {
    await buildInto(folder, join(dist, `.building-${process.pid}`))
    await removeOthers(dist, folder)
  }
  return folder
}

/** Built elsewhere and moved, so that whoever looks at the same time sees all of it or nothing. */
async function buildInto(folder: string, workshop: string): Promise<void> {
  await rm(workshop, { recursive: true, force: true })
  await mkdir(workshop, { recursive: true })
  try {
    await runBuild(workshop)
    await rename(workshop, folder)
  } catch (error) {
    // Another daemon was quicker, with the same sources.
    if (!existsSync(folder)) throw error
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
}

async function runBuild(workshop: string): Promise<void> {
  const script = fileURLToPath(new URL('build.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, workshop], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: MAX_BUILD_MS,
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-4_000)
  })
  await once(child, 'close')
  if (child.exitCode !== 0) throw new Error(`the web app could not be built: ${complaint.trim() || 'it took too long'}`)
}

async function removeOthers(dist: string, folder: string): Promise<void> {
  for (const name of await readdir(dist)) {
    if (BUILT.test(name) && join(dist, name) !== folder) await rm(join(dist, name), { recursive: true, force: true })
  }
}
