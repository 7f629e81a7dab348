import { printText } from '@parley/shared/terminal/layout.ts'
import { find, search } from '#actions/find.ts'
import { findByAddress, list, listOnline } from '#actions/list.ts'
import { goOffline, goOnline, watch } from '#actions/presence.ts'
import { raw } from '#actions/raw.ts'
import { register } from '#actions/register.ts'
import { retire } from '#actions/retire.ts'
import { ConsoleError, NoMoreAnswers } from '#console-error.ts'
import type { Desk } from '#desk.ts'

const ACTIONS = {
  register: { about: 'a new user, or a new record of one of yours', run: register },
  list: { about: 'everybody, page by page', run: list },
  who: { about: 'who is online now', run: listOnline },
  find: { about: 'all about one name', run: find },
  address: { about: 'who was seen at an IP address', run: findByAddress },
  search: { about: 'names, what people are called, status texts', run: search },
  online: { about: 'connect one of your users', run: goOnline },
  offline: { about: 'disconnect one of them', run: goOffline },
  watch: { about: 'who comes and goes, live', run: watch },
  delete: { about: 'give up the name of one of your users', run: retire },
  raw: { about: 'the last answer as it came', run: raw },
} as const satisfies Record<string, { about: string; run: (desk: Desk) => Promise<void> | void }>

type Action = keyof typeof ACTIONS

/** The menu names, for the help. */
export const MENU: readonly (readonly [name: string, about: string])[] = [
  ...Object.entries(ACTIONS).map(([name, { about }]) => [name, about] as const),
  ['quit', 'go offline and end'],
]

/** Asks and acts until the person quits. Rejects with Interrupted, and with what nobody expected. */
export async function runMenu(desk: Desk): Promise<void> {
  const choices = MENU.map(([value, about]) => ({ value, about }))
  for (;;) {
    for (const sentence of desk.online.takeNews()) printText(desk.terminal, sentence, 'yellow')
    try {
      const chosen = await desk.questions.choose(`What next?${whoIsOnline(desk)}`, choices)
      if (chosen === 'quit') return
      if (isAction(chosen)) await ACTIONS[chosen].run(desk)
    } catch (error) {
      if (error instanceof NoMoreAnswers) return
      if (!(error instanceof ConsoleError)) throw error
      printText(desk.terminal, error.message, 'red')
    }
    desk.terminal.line()
  }
}

function isAction(name: string): name is Action {
  return Object.hasOwn(ACTIONS, name)
}

function whoIsOnline({ online }: Desk): string {
  const { names } = online
  return names.length === 0 ? '' : ` (online: ${names.join(', ')})`
}
