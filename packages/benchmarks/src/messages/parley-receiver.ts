// A peer in a process of its own that messages are sent to: createPeer, and nothing else.
import { createPeer } from '@parley/peer-client'
import { serveParent } from '#bench/serve-parent.ts'
import { indexed } from './look-for-words.ts'
import { SpanSums } from './span-sums.ts'

const [, , profile, port = '0'] = process.argv
const spans = new SpanSums()
const peer = await createPeer({ name: 'receiver', profile, directory: null, listen: { port: Number(port) } }).start()
await serveParent(
  { port: peer.address.port },
  {
    watch: () => {
      spans.start()
      return {}
    },
    spans: () => spans.take(),
    index: () => indexed(peer),
  },
)
await peer.stop()
