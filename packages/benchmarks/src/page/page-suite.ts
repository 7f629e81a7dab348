import type { Suite } from '#bench/suite.ts'
import { conversationBenchmark } from './conversation-benchmark.ts'

export const pageSuite: Suite = {
  name: 'page',
  summary: 'the web app in a browser, with a conversation of very many messages',
  benchmarks: ({ page }) => [conversationBenchmark(page)],
}
