import { decodeMessage } from '@parley/shared/wire/message.ts'
import { TEXT_KIND } from '@parley/shared/wire/message-body.ts'
import { z } from 'zod'
import type { MessageViews } from '#conversation/message-views.ts'
import { wordsOf } from '#store/search-words.ts'
import type { Store } from '#store/store.ts'

const Instance = z.object({ term: z.string(), doc: z.int(), col: z.string(), offset: z.int() })

/** Everything that the index holds, read from it without any of our code: `stream/seq: word@offset`. */
export function indexedWords({ database, search }: Store): string[] {
  database.exec(
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.instances USING fts5vocab('main', 'message_words', 'instance')",
  )
  const rows = z.array(Instance).parse(database.prepare('SELECT term, doc, col, offset FROM temp.instances').all())
  return rows
    .flatMap(({ term, doc, col, offset }) => {
      const place = search.placeOf(doc)
      const where = place === undefined ? `nowhere (entry ${doc})` : `${place.stream}/${place.seq}`
      if (col === 'text') return [`${where}: ${term}@${offset}`]
      return term === String(place?.stream) ? [] : [`${where}: filed under stream ${term}`]
    })
    .toSorted()
}

/** What it should hold: the words of every text that is shown, by a walk over all messages. */
export function shownWords(store: Store, views: MessageViews): string[] {
  const words = store.streams.all().flatMap((stream) =>
    store.messages.range(stream.id, stream.base, stream.upTo).flatMap((row) => {
      if (store.hidden.has(row.stream, row.seq) || decodeMessage(row.bytes).kind !== TEXT_KIND) return []
      const text = views.line(stream, row)?.text ?? ''
      return wordsOf(text).map(({ word }, offset) => `${row.stream}/${row.seq}: ${word}@${offset}`)
    }),
  )
  return words.toSorted()
}
