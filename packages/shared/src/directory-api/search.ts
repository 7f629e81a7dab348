import { z } from 'zod'
import { UserSummary } from '#directory-api/users.ts'
import { MAX_SEARCH_CHARS, MAX_SEARCH_RESULTS } from '#limits.ts'

/** `GET /v1/search` */
export const SearchQuery = z.strictObject({
  q: z
    .string()
    .min(1)
    .max(MAX_SEARCH_CHARS)
    .describe(
      'What to look for: the beginning of a name, display name or word, or from 3 characters any part. Literal.',
    ),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_SEARCH_RESULTS)
    .default(MAX_SEARCH_RESULTS)
    .describe('At most so many users.'),
})
export type SearchQuery = z.infer<typeof SearchQuery>

export const SearchResult = z.object({
  users: z
    .array(UserSummary)
    .max(MAX_SEARCH_RESULTS)
    .describe('The best first: exact name, beginning of the name, of the display name, of a word, any part.'),
})
export type SearchResult = z.infer<typeof SearchResult>
