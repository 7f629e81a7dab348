/** What a terminal would act on, line breaks aside: controls, and characters that turn the direction of writing. */
export function rawCharacters(text: string): string[] {
  return Array.from(text).filter((char) => {
    const code = char.codePointAt(0) ?? 0
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0)
    const isDirection = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)
    return (isControl && char !== '\n') || isDirection
  })
}
