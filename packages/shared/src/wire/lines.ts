// Which messages of others are lines of a conversation. The rest is about other messages, or means nothing to this version.
import { VOID_KIND } from '#wire/message.ts'
import { DELETE_KIND, EDIT_KIND, REACTION_KIND, READ_KIND, TEXT_KIND } from '#wire/message-body.ts'

const WITHOUT_LINE: ReadonlySet<string> = new Set([EDIT_KIND, DELETE_KIND, REACTION_KIND, READ_KIND, VOID_KIND])

/** What is critical and not known is a line with nothing to read. */
export function isLine({ kind, critical }: { readonly kind: string; readonly critical: boolean }): boolean {
  return kind === TEXT_KIND || (critical && !WITHOUT_LINE.has(kind))
}
