/** Where a directory is, and who may say that it is the one. */
export interface DirectoryAddress {
  readonly url: string
  /** PEM; the authorities that may vouch for an https directory, instead of those that the system trusts. */
  readonly ca?: string | undefined
}
