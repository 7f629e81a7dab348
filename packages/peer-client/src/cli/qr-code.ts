import type { Terminal } from '@parley/shared/terminal/terminal.ts'
import encodeQR from 'qr'

/** Modules of white around the code; scanners want some. */
const BORDER = 2

/** Draws the text for a camera, two modules to a character. False, and nothing drawn, where the terminal is too narrow. */
export function printQrCode(terminal: Terminal, text: string): boolean {
  const modules = encodeQR(text, 'raw', { ecc: 'low', border: BORDER })
  const width = (modules[0]?.length ?? 0) * (terminal.isUtf8 ? 1 : 2)
  if (width > (terminal.columns ?? Number.POSITIVE_INFINITY)) return false
  for (const line of terminal.isUtf8 ? halfBlocks(terminal, modules) : letters(modules)) {
    terminal.line(terminal.paint(line, 'paper'))
  }
  return true
}

/** A character is two modules, one above the other. Without colours a block is light: most terminals write light on dark. */
function halfBlocks({ hasColour }: Terminal, modules: readonly (readonly boolean[])[]): string[] {
  const lines: string[] = []
  for (let row = 0; row < modules.length; row += 2) {
    const [upper = [], lower = []] = [modules[row], modules[row + 1]]
    const isInk = (isDark: boolean | undefined) => (isDark === true) === hasColour
    lines.push(upper.map((isDark, at) => BLOCKS[Number(isInk(isDark)) + 2 * Number(isInk(lower[at]))]).join(''))
  }
  return lines
}

const BLOCKS = [' ', '▀', '▄', '█']

function letters(modules: readonly (readonly boolean[])[]): string[] {
  return modules.map((row) => row.map((isDark) => (isDark ? '  ' : '##')).join(''))
}
