// How an account looks wherever it is shown; the terminal counts the same way.

const HUES = 6

/** Which of the colours, from 0. */
export function hueOf(account: string): number {
  let sum = 0
  for (const char of account) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 65_521
  return sum % HUES
}

/** Two letters of a name, which is ASCII. */
export function initialsOf(name: string): string {
  const [first = '', second] = name.split(/[\s._-]+/).filter((part) => part !== '')
  return (second === undefined ? first.slice(0, 2) : first.charAt(0) + second.charAt(0)).toUpperCase()
}
