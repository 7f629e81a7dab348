// Two profiles in the directory named by the argument write to each other until the process is killed; a line of output is a
// round of messages that both have confirmed.
import { connect, TestProfile } from './profiles.ts'

const [directory] = process.argv.slice(2)
if (directory === undefined) throw new Error('usage: busy-profiles DIRECTORY')
const alice = new TestProfile({ name: 'alice', device: 1, account: 11, directory })
const bob = new TestProfile({ name: 'bob', device: 2, account: 12, directory })
alice.meet(bob)
bob.meet(alice)
connect(alice, bob)
process.stdin.on('end', () => process.exit()).resume()
process.stdout.on('error', () => process.exit())
while (true) {
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => Promise.all([alice.send(bob, `a ${n}`), bob.send(alice, `b ${n}`)])),
  )
  await alice.settled()
  await bob.settled()
  process.stdout.write('round\n')
}
