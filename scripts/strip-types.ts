import { createHash } from 'node:crypto'
import { stripTypeScriptTypes } from 'node:module'

// jest's transformer: Node's own type stripping, so tests run the same JavaScript as the daemon does. `strip` replaces
// types by spaces, which keeps every line and column, and no source map is needed.
export default {
  process: (source: string) => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
  getCacheKey: (source: string, path: string) =>
    createHash('sha256').update(process.version).update('\0').update(path).update('\0').update(source).digest('hex'),
}
