// Prints what the client, and what it imports of ours, asks for beyond our own packages: one line, JSON.
import { registerHooks } from 'node:module'

const asked = new Set<string>()
registerHooks({
  resolve(specifier, context, next) {
    const isOurs = context.parentURL?.includes('/node_modules/') === false
    if (isOurs && context.parentURL !== import.meta.url && !/^[.#]|^@parley\//.test(specifier)) asked.add(specifier)
    return next(specifier, context)
  },
})
await import('@parley/api-client')
console.log(JSON.stringify([...asked].toSorted()))
