import { join } from 'node:path'
import { commandsIn, type DaemonHere, startHere } from './daemon-here.ts'
import { startDirectory } from './running-directory.ts'
import { tempDirectory } from './temp-directory.ts'

/** A directory, and whoever is started and stopped in this process to use it, always at the same address. */
export async function daemonTown() {
  await using scope = new AsyncDisposableStack()
  const { path: home } = scope.use(await tempDirectory())
  const directory = scope.use(await startDirectory())
  const environment = { XDG_DATA_HOME: home }
  const here = commandsIn(environment)
  const running = new Map<string, DaemonHere>()
  const ports = new Map<string, string>()
  scope.defer(async () => {
    for (const daemon of running.values()) await daemon[Symbol.asyncDispose]()
  })
  const all = scope.move()

  /** Resolves when it is ready, which says nothing about the directory. */
  const start = async (name: string, profile = name): Promise<DaemonHere> => {
    const place = ['--name', name, '--profile', join(home, 'parley', profile), '--directory', directory.url]
    const daemon = await startHere(environment, ...place, '--port', ports.get(profile) ?? '0')
    running.set(profile, daemon)
    ports.set(profile, daemon.ready.listening[0]?.split(':').at(-1) ?? '0')
    return daemon
  }
  const startOnline = async (name: string, profile = name): Promise<DaemonHere> => {
    const daemon = await start(name, profile)
    await daemon.isOnline()
    return daemon
  }
  const stop = async (profile: string): Promise<void> => {
    await running.get(profile)?.[Symbol.asyncDispose]()
    running.delete(profile)
  }
  return {
    home,
    directory,
    environment,
    here,
    start,
    startOnline,
    stop,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
