import { expect, test } from '@jest/globals'
import { freePort } from '#free-port.ts'
import { PeerProgram } from '#peer-program.ts'
import { onStage } from '#stage.ts'

test(
  'two peers without a directory talk by address alone, though the one that dials was there first',
  onStage(async (stage) => {
    const port = await freePort()
    const address = `127.0.0.1:${port}`
    const alice = await PeerProgram.start(stage, { name: 'alice', directory: null, flags: ['--peer', address] })
    for (const attempt of [1, 2, 3, 4, 5]) await alice.program.logged(`${address}: attempt ${attempt} of 5 …`)

    const bob = await PeerProgram.start(stage, { name: 'bob', directory: null, port })
    await alice.program.logged(`${address}: connected to ${bob.ready.device}`)
    await Promise.all([alice.say('bob', 'We need no directory.'), bob.say('alice', 'Indeed.')])
    const { stdout } = await bob.parley('peers')
    expect(stdout).toContain('alice (says so itself)')
    await expect((await bob.api()).find('alice')).rejects.toMatchObject({ code: 'no-directory' })
  }),
)

test(
  'a peer that is there already is reached at the first try',
  onStage(async (stage) => {
    const bob = await PeerProgram.start(stage, { name: 'bob', directory: null })
    const alice = await PeerProgram.start(stage, { name: 'alice', directory: null, flags: ['--peer', bob.address] })
    await alice.program.logged(`${bob.address}: connected to ${bob.ready.device}`)
    expect(alice.program.stderr).not.toContain('attempt 2 of 5')
    await alice.say('bob', 'Hello.')
  }),
)
