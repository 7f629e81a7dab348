import type { LedgerReport, Place, Violation } from './ledger-report.ts'
import { VIOLATIONS } from './ledger-report.ts'

/** The report as lines for people. Paths and ids are the only text in it that comes from outside. */
export function describeLedger(report: LedgerReport): string {
  const { ok, checked, violations, unlisted, notChecked } = report
  const lines = [
    `${count(checked.databases, 'database')}, ${count(checked.streams, 'stream')}, ${count(checked.messages, 'message')}`,
    `${count(checked.delivered, 'delivery', 'deliveries')} proven, ${checked.pending} pending`,
  ]
  if (checked.forks > 0)
    lines.push(`${count(checked.forks, 'piece', 'pieces')} of evidence of devices that contradicted themselves`)
  if (checked.forgotten > 0)
    lines.push(
      `${count(checked.forgotten, 'position')} of before a profile was set back to an older copy, which its author forgot`,
    )
  for (const { account, delivered, streams } of notChecked)
    lines.push(
      `not checked: ${count(delivered, 'delivery', 'deliveries')} to ${account} and ${count(streams, 'stream')} of it, as no database that could tell was given`,
    )
  if (ok) lines.push('In all that was checked: nothing lost, nothing twice, nothing out of order, no false tick.')
  else if (violations.length === 0) lines.push('Nothing was checked.')
  else lines.push(...describeViolations(violations, unlisted))
  return `${lines.join('\n')}\n`
}

function describeViolations(violations: readonly Violation[], unlisted: number): string[] {
  const lines = [`${count(violations.length + unlisted, 'violation')}:`]
  for (const { code, detail, where } of violations)
    lines.push(`  ${code}: ${describePlace(where)}: ${detail} (${VIOLATIONS[code]})`)
  if (unlisted > 0) lines.push(`  and ${unlisted} more`)
  return lines
}

function describePlace({ database, device, epoch, seq }: Place): string {
  const stream = device === undefined ? '' : ` stream ${device.slice(0, 8)}/${epoch?.slice(0, 8) ?? ''}`
  return `${database}${stream}${seq === undefined ? '' : ` position ${seq}`}`
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
