// Loaded before a program (`--import`), it puts deliberate bugs into that process; `PARLEY_LAB_FAULTS` lists them, with commas.
import { plant } from '@parley/shared/planted-faults.ts'
import { Fault } from './faults.ts'

for (const name of (process.env['PARLEY_LAB_FAULTS'] ?? '').split(',')) if (name !== '') plant(Fault.parse(name))
