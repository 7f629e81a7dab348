import { printText } from '@parley/shared/terminal/layout.ts'
import { printable, printableLines } from '@parley/shared/terminal/printable.ts'
import type { Desk } from '#desk.ts'

/** The last answer as it came, but for what a terminal would act on. */
export function raw({ terminal, directory }: Desk): void {
  const answer = directory.last
  if (answer === undefined) {
    printText(terminal, 'Nothing was asked yet.')
    return
  }
  const { request, status, statusText, headers, text, ms } = answer
  terminal.line(terminal.paint(`${request.method} ${printable(request.path)}`, 'bold'))
  const style = status < 400 ? 'green' : 'red'
  const time = terminal.paint(`in ${Math.max(1, Math.round(ms))} ms`, 'dim')
  terminal.line(`${terminal.paint(`${status} ${printable(statusText)}`, style)}  ${time}`)
  for (let at = 0; at < headers.length; at += 2) {
    const [name = '', value = ''] = headers.slice(at, at + 2)
    terminal.line(`${terminal.paint(`${printable(name)}:`, 'dim')} ${printable(value)}`)
  }
  if (text === '') return
  terminal.line()
  for (const line of printableLines(indented(text))) terminal.line(line)
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2)
  } catch {
    return text
  }
}
