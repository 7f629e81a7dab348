/** What the laboratory found wrong. */
export class LabFailure extends Error {
  override readonly name = 'LabFailure'
  readonly code:
    | 'not-settled'
    | 'lost'
    | 'doubled'
    | 'reordered'
    | 'invented'
    | 'false-tick'
    | 'damaged'
    | 'ledger'
    | 'misbehaved'
  constructor(code: LabFailure['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** Throws LabFailure `misbehaved` with the sentence, unless it is so. */
export function must(isSo: boolean, sentence: string): asserts isSo {
  if (!isSo) throw new LabFailure('misbehaved', sentence)
}
