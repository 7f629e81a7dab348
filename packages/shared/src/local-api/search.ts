import { z } from 'zod'
import { DEFAULT_PAGE_HITS, MAX_PAGE_HITS, MAX_SEARCH_QUERY_CHARS, MAX_SNIPPET_CHARS } from '#limits.ts'
import { MessageView } from '#local-api/messages.ts'

/**
 * `GET /api/v1/search?q=`: messages that hold all of the words, and the "phrases" in quotation marks, in any case and with or without
 * accents. The last word may be the beginning of one. Nothing else in `q` means anything.
 */
export const SearchQuery = z.strictObject({
  q: z.string().min(1).max(MAX_SEARCH_QUERY_CHARS),
  /** Only the conversation with this person: a name, `name@directory` or an account id. */
  conversation: z.string().min(1).max(256).optional(),
  /** Only what this person wrote; one's own name for what oneself wrote. */
  sender: z.string().min(1).max(256).optional(),
  /** Unix milliseconds: written then or later, and before then. */
  after: z.coerce.number().int().min(0).optional(),
  before: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_HITS).default(DEFAULT_PAGE_HITS),
  /** `next` of the page before. */
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'give the next of a page that was answered')
    .optional(),
})
export type SearchQuery = z.infer<typeof SearchQuery>

/** The part of the text around the first place, and what was found in it: ranges of UTF-16 code units, the end excluded. */
export const Snippet = z.object({
  text: z.string().max(MAX_SNIPPET_CHARS),
  marks: z.array(z.object({ from: z.int(), to: z.int() })),
  /** There is more of the text before it, and after it. */
  isCutBefore: z.boolean(),
  isCutAfter: z.boolean(),
})
export type Snippet = z.infer<typeof Snippet>

export const SearchHit = z.object({ message: MessageView, snippet: Snippet })
export type SearchHit = z.infer<typeof SearchHit>

/** The youngest first. With `next` there may be more, even when there are fewer than asked for. */
export const SearchPage = z.object({
  hits: z.array(SearchHit),
  next: z.string().optional(),
  /** Messages that are not in the index yet, and would not be found: a new version indexes what there is, at leisure. */
  unindexed: z.int().optional(),
})
export type SearchPage = z.infer<typeof SearchPage>
