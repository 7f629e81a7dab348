#!/usr/bin/env node
import { keepCompiled } from '@parley/shared/compile-cache.ts'

process.umask(0o077)
keepCompiled()
// Not a static import: what is loaded before the cache is on is compiled anew each time.
await import('./parley-directory.ts')
