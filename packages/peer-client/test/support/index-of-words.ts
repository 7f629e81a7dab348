import { decodeMessage } from '@parley/shared/wire/message.ts'
import { TEXT_KIND } from '@parley/shared/wire/message-body.ts'
import type { MessageViews } from '#conversation/message-views.ts'
import { wordsOf } from '#store/search-words.ts'
import type { Store } from '#store/store.ts'

interface Instance {
  readonly term: string
  readonly doc: number
  readonly col: string
  readonly offset: number
}

/** Everything that the index holds, read from it without any of our code: `stream/seq: word@offset`. */
export function indexedWords({ database, search }: Store): string[] {
  database.exec(
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.instances USING fts5vocab('main', 'message_words', 'instance')",
  )
  const rows = database.prepare<[], Instance>('SELECT term, doc, col, offset FROM temp.instances').all()
  const docs = new Set(rows.map(({ doc }) => doc))
  const places = new Map([...docs].map((doc) => [doc, search.placeOf(doc)]))
  return rows
    .flatMap(({ term, doc, col, offset }) => {
      const place = places.get(doc)
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
