export const EXIT = {
  done: 0,
  usage: 64,
  unavailable: 69,
  internal: 70,
  inUse: 71,
  unsafe: 73,
  io: 74,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
