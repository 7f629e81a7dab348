/** About what a frame of one change of presence takes. */
export const EVENT_BYTES = 104
