// How an account looks wherever it is shown; the terminal counts the same way.

const HUES = 6

/** Which of the colours, from 0. */
export function hueOf(account: string): number {
  let sum = 0
  for (const char of account) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 65_521
  return sum % HUES
}

/** Two letters of a name. A nickname may hold any. */
export function initialsOf(name: string): string {
  const [first = '', second] = name.split(/[\s._-]+/).filter((part) => part !== '')
  return (second === undefined ? begin(first, 2) : begin(first, 1) + begin(second, 1)).toUpperCase()
}

/** Whole characters, also of those that take two units of a string. */
function begin(text: string, count: number): string {
  return Array.from(text).slice(0, count).join('')
}
