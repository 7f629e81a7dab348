import type { Suite } from '#bench/suite.ts'

export const pageSuite: Suite = {
  name: 'page',
  summary: 'the web app in a browser, with a conversation of very many messages',
  benchmarks: async ({ page }) => {
    const { conversationBenchmark } = await import('./conversation-benchmark.ts')
    return [conversationBenchmark(page)]
  },
}
