import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Daemon } from '#state/daemon.ts'

export const DaemonContext = createContext<Daemon | undefined>(undefined)

export function useDaemon(): Daemon {
  const daemon = useContext(DaemonContext)
  if (daemon === undefined) throw new Error('there is no daemon outside of the app')
  return daemon
}
