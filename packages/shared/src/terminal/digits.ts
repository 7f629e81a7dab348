/** A whole number as English writes it, 1,234,567. `toLocaleString` does the same, and reads all its tables before the first one. */
export function digits(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',')
}
