/**
 * What sealing, opening or making prekeys did to the keys, held in memory until the caller writes it. Dropping it undoes everything.
 *
 * `apply` is synchronous and runs inside the caller's transaction; it has no effect but on the database, so a transaction that is
 * rolled back may run it again. Nothing that was made with these keys may leave before that transaction is committed.
 * Throws RatchetError, and then the transaction must not be committed.
 */
export interface KeyChange {
  apply(): void
}
