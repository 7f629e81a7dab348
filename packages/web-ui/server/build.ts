// `node build.ts DIRECTORY`: builds the app into it. A process of its own, so that no daemon carries the build tool.
import { resolve } from 'node:path'
import { build } from 'vite'
import { ROOT } from './sources.ts'

const [directory] = process.argv.slice(2)
if (directory === undefined) throw new RangeError('usage: build.ts DIRECTORY')
await build({
  root: ROOT,
  configFile: false,
  // Its words would stand between those of the daemon.
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: resolve(directory),
    emptyOutDir: false,
    target: 'es2022',
    // Everything is a file of its own: the policy of the page allows neither inline scripts nor data URLs.
    assetsInlineLimit: 0,
    modulePreload: false,
    chunkSizeWarningLimit: 1_000,
  },
})
