// Two peers in one process and no directory: the library in twenty lines. Run it with: node docs/examples/hello.ts
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPeer } from '@parley/peer-client'

const folder = await mkdtemp(join(tmpdir(), 'parley-hello-'))
const alice = await createPeer({ name: 'Alice', profile: `${folder}/alice` }).start()
const bob = await createPeer({ name: 'Bob', profile: `${folder}/bob` }).start()
await alice.connect(`127.0.0.1:${bob.address.port}`)

const { id } = await alice.send('bob', 'Hello, Bob.')
for await (const message of bob.receive()) {
  console.log(`${message.with} wrote: ${message.text}`)
  break
}
const { state } = await alice.waitFor(id, 'delivered')
console.log(`Alice sees that it was ${state}.`)

await Promise.all([alice.stop(), bob.stop()])
await rm(folder, { recursive: true })
