// Prints which packages and builtin modules our own files ask for while the command line of its arguments is run: one line, JSON.
import { registerHooks } from 'node:module'

const asked = new Set<string>()
registerHooks({
  resolve(specifier, context, next) {
    const isOurs = context.parentURL?.includes('/node_modules/') === false && context.parentURL !== import.meta.url
    if (isOurs && !/^[.#]|^@parley\//.test(specifier)) asked.add(specifier)
    return next(specifier, context)
  },
})

const [module = ''] = process.argv.splice(2, 1)
process.on('exit', () => {
  // `fetch` and the line for events are made of it; nobody asks for it by its name.
  if (moduleLoadList().some((name) => name.endsWith('/undici'))) asked.add('undici')
  process.stdout.write(`${JSON.stringify([...asked].toSorted())}\n`)
})
await import(module)

/** What Node loaded of itself; not documented, so not in the types. */
function moduleLoadList(): string[] {
  return (process as { moduleLoadList?: string[] }).moduleLoadList ?? []
}
