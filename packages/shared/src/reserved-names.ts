import type { Name } from '#ids.ts'

/**
 * Names that nobody can register, because a person who reads one takes it for somebody in office (RFC 2142 and its kin) or for a
 * word of the program.
 */
const RESERVED: ReadonlySet<string> = new Set([
  'abuse',
  'admin',
  'administrator',
  'all',
  'channel',
  'directory',
  'everyone',
  'help',
  'here',
  'hostmaster',
  'info',
  'me',
  'moderator',
  'no-reply',
  'noreply',
  'official',
  'parley',
  'postmaster',
  'root',
  'security',
  'staff',
  'support',
  'system',
  'webmaster',
])

export function isReservedName(name: Name): boolean {
  return RESERVED.has(name)
}
