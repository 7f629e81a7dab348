// pnpm simulate [--seeds 300 | --long] [--from 1] [--fault NAME]: the simulation over many seeds. Says which failed, and how, and
// the line that repeats each of them; exits with 1 when there was one.
import { parseArgs } from 'node:util'
import { FAULTS, plant } from '@parley/shared/planted-faults.ts'
import { simulate } from './simulate.ts'

const LONG = 10_000
const SHOWN = 6

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '300' },
    long: { type: 'boolean', default: false },
    from: { type: 'string', default: '1' },
    fault: { type: 'string' },
  },
})
const fault = FAULTS.find((name) => name === values.fault)
if (values.fault !== undefined && fault === undefined) {
  console.error(`there is no fault "${values.fault}"; there are ${FAULTS.join(', ')}`)
  process.exit(64)
}
const [first, count] = [Number(values.from), values.long ? LONG : Number(values.seeds)]
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count)) {
  console.error('--from and --seeds take whole numbers')
  process.exit(64)
}
if (fault !== undefined) plant(fault)
let failures = 0
let mostSteps = 0
for (let seed = first; seed < first + count; seed += 1) {
  const { complaints, steps } = await simulate(seed)
  mostSteps = Math.max(mostSteps, steps)
  if (complaints.length === 0) continue
  failures += 1
  const again = `pnpm simulate --from ${seed} --seeds 1${fault === undefined ? '' : ` --fault ${fault}`}`
  console.log([`seed ${seed}, again with: ${again}`, ...new Set(complaints.slice(0, SHOWN))].join('\n  '))
}
console.log(
  `${count} seeds from ${first} on: ${failures} failed; none needed more than ${mostSteps} steps to come to rest`,
)
process.exitCode = failures > 0 ? 1 : 0
