import type { ApiClient } from '@parley/api-client'
import type { SafetyNumber } from '@parley/shared/local-api/trust.ts'
import { printText } from '@parley/shared/terminal/layout.ts'
import { timeWithDay } from '@parley/shared/terminal/times.ts'
import { Option } from 'commander'
import { z } from 'zod'
import { isAgreed } from '../ask.ts'
import { type Cli, ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'

export const verifyCommand = defineCommand({
  syntax: 'verify <who> [number...]',
  group: 'People:',
  summary: 'compare safety numbers, so that you know whose key it is',
  details:
    'Both of you see the same 60 digits as long as nobody stands in between. Compare them where nobody can pretend: face to face, or ' +
    'on the phone. With NUMBER, the digits or the text of the code that you scanned at the other side, the comparing is done here. ' +
    'It ends with 77 when they differ.',
  examples: [
    ['parley verify bob', 'shows the number and a code, and asks'],
    ['parley verify bob --confirm', 'you have compared the number'],
    ['parley verify bob 73920 11843 …', 'the number that bob sees; spaces do not matter'],
    ['parley verify bob --forget', 'not verified any more'],
  ],
  options: [
    ...profileOptions(),
    new Option('--confirm', 'store that the numbers are the same').default(false),
    new Option('--forget', 'take that back').default(false).conflicts('confirm'),
    new Option('--no-qr', 'show no code'),
    jsonOption(),
  ],
  args: z.tuple([NameArgument, z.array(z.string())]),
  flags: ClientFlags.extend({ confirm: z.boolean(), forget: z.boolean(), qr: z.boolean() }),
  run: async (cli, [who, words], { json, confirm, forget, qr, ...choice }) => {
    const client = await clientOf(cli, choice)
    if (forget || words.length > 0) {
      show(cli, forget ? await client.unverify(who) : await client.verify(who, words.join(' ')), json)
      return EXIT.done
    }
    const safety = await client.safetyNumber(who)
    if (!json) await present(cli, safety, qr)
    if (confirm || (!json && (await isCompared(cli, safety)))) {
      // With the digits that were shown: had the key changed meanwhile, they would be refused.
      show(cli, await client.verify(safety.account, safety.number), json)
    } else if (json) {
      show(cli, safety, json)
    }
    return EXIT.done
  },
})

async function present({ terminal, now }: Cli, safety: SafetyNumber, qr: boolean): Promise<void> {
  printText(terminal, `Your safety number with ${safety.name}:`)
  terminal.line()
  const groups = safety.number.match(/\d{5}/g) ?? []
  for (let row = 0; row < groups.length; row += GROUPS_IN_A_ROW) {
    terminal.line(`  ${terminal.paint(groups.slice(row, row + GROUPS_IN_A_ROW).join(' '), 'bold')}`)
  }
  terminal.line()
  if (qr) {
    // Only here: no other command should wait for it.
    const { printQrCode } = await import('../qr-code.ts')
    if (printQrCode(terminal, safety.scannable)) terminal.line()
    else terminal.note('The terminal is too narrow for the code.')
  }
  printText(terminal, standing(safety, now()))
}

const GROUPS_IN_A_ROW = 4

function standing({ name, verification, verifiedAt }: SafetyNumber, now: number): string {
  switch (verification) {
    case 'verified':
      return `You verified ${name}${verifiedAt === undefined ? '' : `, ${timeWithDay(verifiedAt, now)}`}.`
    case 'rotated-since':
      return `You verified an earlier key of ${name}, which signed over to this one. The number is new: compare it again.`
    case 'none':
      return `You have not verified ${name}. When you have compared it: parley verify ${name} --confirm`
  }
}

async function isCompared(cli: Cli, { name, verification }: SafetyNumber): Promise<boolean> {
  if (verification === 'verified' || !cli.terminal.isInteractive) return false
  return isAgreed(cli, `Have you compared it, and does ${name} see the same number?`)
}

function show({ terminal }: Cli, safety: Awaited<ReturnType<ApiClient['verify']>>, json: boolean): void {
  const { name, verification } = safety
  if (json) terminal.json(safety)
  else if (verification === 'verified') printText(terminal, `${name} is verified.`, 'green')
  else printText(terminal, `${name} is not verified.`)
}
