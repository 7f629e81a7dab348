import { availableParallelism, cpus, release, totalmem } from 'node:os'
import type { Outcome } from './laboratory.ts'

const GIB = 1024 ** 3

/** A run as Markdown, for people who were not there: what was played, on what, and every figure that was measured. */
export function reportOf(outcomes: readonly Outcome[]): string {
  const failed = outcomes.filter(({ result }) => result === 'failed')
  const lines = [
    `Node ${process.version}, Linux ${release()}, ${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / GIB)} GiB.`,
    '',
    failed.length === 0
      ? 'Nothing lost, doubled, reordered or ticked too early.'
      : `${failed.length} scenarios failed.`,
    '',
    '| scenario | seed | schedule | messages | strikes | result | seconds |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...outcomes.map(
      ({ scenario, seed, schedule, size, result, seconds }) =>
        `| ${scenario} | ${seed} | ${schedule} | ${size.messages} | ${size.strikes} | ${result} | ${seconds} |`,
    ),
    '',
    ...outcomes.flatMap(({ scenario, seed, figures, reason }) => [
      `**${scenario}**, seed ${seed}${reason === undefined ? '' : `: ${reason}`}`,
      '',
      ...Object.entries(figures).map(([what, value]) => `- ${what}: ${value.toLocaleString('en')}`),
      '',
    ]),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}
