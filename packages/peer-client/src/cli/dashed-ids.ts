// Ids are base64url, and one in 64 begins with a dash. What looks like one of ours is an id and no option, wherever it stands.

/** Of an account or a device, 43 characters, and of a message, 22; the last one has no bits to spare. */
const DASHED_ID = /^-(?:[A-Za-z0-9_-]{41}[AEIMQUYcgkosw048]|[A-Za-z0-9_-]{20}[AQgw])$/
/** Nobody can type it: what a program is given ends where it would stand. */
const MARK = '\0'

/** The words of a command line, with a mark before every id that a parser would take for an option. */
export function markIds(args: readonly string[], isOption: (arg: string) => boolean): string[] {
  const end = args.indexOf('--')
  return args.map((arg, at) => {
    const isAfterEnd = end !== -1 && at > end
    return !isAfterEnd && DASHED_ID.test(arg) && !isOption(arg) ? MARK + arg : arg
  })
}

/** Arguments or options as they were typed, after a parser has sorted them. */
export function unmarkIds(parsed: unknown): unknown {
  if (typeof parsed === 'string') return parsed.startsWith(MARK) ? parsed.slice(MARK.length) : parsed
  if (Array.isArray(parsed)) return parsed.map(unmarkIds)
  return parsed
}
