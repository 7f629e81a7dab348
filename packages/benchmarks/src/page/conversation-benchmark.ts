// What somebody who opens a conversation of very many messages waits for, and whether it moves without a jerk.
import type { Benchmark } from '#bench/benchmark.ts'
import type { Contestant } from '#bench/contestant.ts'
import { openHome } from './home.ts'
import { type Looks, lookAt } from './look.ts'

export function conversationBenchmark(messages: number): Benchmark {
  const page: Contestant<keyof Looks> = {
    id: 'web-app',
    name: 'the web app',
    measure: async (scene) => {
      await using home = await openHome(scene, messages)
      return await lookAt(home)
    },
  }
  return {
    name: 'conversation',
    summary: 'opening, scrolling and searching a long conversation in the browser',
    contestants: [page],
    report: (results) => {
      const row = (label: string, ...figures: (keyof Looks)[]) => ({
        label,
        cells: figures.map((figure) => results.median(page, figure)),
      })
      return {
        title: `The web app, ${messages.toLocaleString('en')} messages in one conversation`,
        columns: [
          { title: '', digits: 0 },
          { title: 'p99', digits: 0 },
        ],
        rows: [
          row('ms from the link to the list of conversations', 'startMs'),
          row('ms from a click to the newest messages', 'openMs'),
          row('ms between two frames while it scrolls, p50', 'frameP50Ms', 'frameP99Ms'),
          row('elements in the list meanwhile, at most', 'elements'),
          row('messages scrolled through', 'scrolled'),
          row('ms from a click on the oldest message, found, until it is in sight', 'jumpMs'),
          row('MiB of JavaScript heap in the end', 'heapMiB'),
        ],
        goals: [],
      }
    },
  }
}
