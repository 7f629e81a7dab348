// Changes the passphrase of a profile from one to the other and back until it is killed; a dot for each time.
import { changePassphrase } from '#change-passphrase.ts'
import { CHEAP } from './cheap-passphrase.ts'

const [profile, one, other] = process.argv.slice(2)
if (profile === undefined || one === undefined || other === undefined)
  throw new Error('usage: passphrase-changer PROFILE ONE OTHER')
let [current, next] = [one, other]
const change = () => changePassphrase({ profile, current: () => current, next: () => next, cost: CHEAP })
for (;;) {
  // Which of them is in force the killed one before this left open.
  await change().catch(() => undefined)
  ;[current, next] = [next, current]
  process.stdout.write('.')
}
