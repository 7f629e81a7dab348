/**
 * What `import http from 'node:http'` would give, for half the price of a start: an import reads every export of a module of Node's,
 * and one of this one's loads all that `fetch` is made of.
 */
export const http: typeof import('node:http') = process.getBuiltinModule('node:http')
