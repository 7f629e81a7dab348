// Loaded before a program (`--import`), it gives the program another time of day; `PARLEY_LAB_CLOCK_MS` says how far from the true
// one. Timers and everything else that measures durations go on as they are, as when somebody sets the clock of a machine.

const RealDate = Date
let offsetMs = Number(process.env['PARLEY_LAB_CLOCK_MS'] ?? 0)

function now(): number {
  return RealDate.now() + offsetMs
}

globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(now()).toString(),
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
})

/** From here on the time of day is so far from the true one. */
export function setClock(ms: number): void {
  offsetMs = ms
}
