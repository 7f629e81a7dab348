// A peer in a process of its own that messages are sent to: createPeer, and nothing else.

import { createPeer } from '@parley/peer-client'
import { serveParent } from '#bench/serve-parent.ts'

const [, , profile] = process.argv
const peer = await createPeer({ name: 'receiver', profile, directory: null }).start()
await serveParent({ port: peer.address.port }, {})
await peer.stop()
