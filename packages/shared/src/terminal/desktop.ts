import { once } from 'node:events'

/** Shows the page in the browser of the desktop. False when there is no desktop, or nothing on it that opens pages. */
export async function openInBrowser(url: string): Promise<boolean> {
  const opener = openerOf(process.platform, process.env)
  if (opener === undefined) return false
  // Loaded late: every command would wait for it, and few open a page.
  const { spawn } = await import('node:child_process')
  const child = spawn(opener, [url], { stdio: 'ignore', detached: true })
  child.unref()
  const isSpawned = once(child, 'spawn').then(() => true)
  const isMissing = once(child, 'error').then(() => false)
  return await Promise.race([isSpawned, isMissing]).catch(() => false)
}

function openerOf(platform: NodeJS.Platform, { DISPLAY, WAYLAND_DISPLAY }: NodeJS.ProcessEnv): string | undefined {
  if (platform === 'darwin') return 'open'
  return platform === 'linux' && (DISPLAY || WAYLAND_DISPLAY) ? 'xdg-open' : undefined
}
