// Ids are base64url, and one in 64 begins with a dash. What looks like one of ours is an id and no option, wherever it stands.

/** Of an account or a device, 43 characters, and of a message, 22; the last one has no bits to spare. */
const DASHED_ID = /^-(?:[A-Za-z0-9_-]{41}[AEIMQUYcgkosw048]|[A-Za-z0-9_-]{20}[AQgw])$/
const MARK = 'id:'

/** The words of a command line, with a mark before every id that a parser would take for an option. */
export function markIds(args: readonly string[], isOption: (arg: string) => boolean): string[] {
  const end = args.indexOf('--')
  return args.map((arg, at) => {
    const isAfterEnd = end !== -1 && at > end
    return !isAfterEnd && DASHED_ID.test(arg) && !isOption(arg) ? MARK + arg : arg
  })
}

/** What was typed. */
export function unmarkId(arg: string): string {
  return arg.startsWith(`${MARK}-`) ? arg.slice(MARK.length) : arg
}
