// frame = FIN and opcode 1 (text), length in 7, 7 + 16 or 7 + 64 bits, UTF-8; a server does not mask (RFC 6455 section 5.2).
const FINAL_TEXT = 0x81
const IN_16_BITS = 126
const IN_64_BITS = 127

/** A whole WebSocket frame, to be written to any number of sockets as it is. */
export function textFrame(text: string): Buffer {
  const size = Buffer.byteLength(text)
  const headSize = size < IN_16_BITS ? 2 : size <= 0xffff ? 4 : 10
  const frame = Buffer.allocUnsafe(headSize + size)
  frame[0] = FINAL_TEXT
  if (headSize === 2) {
    frame[1] = size
  } else if (headSize === 4) {
    frame[1] = IN_16_BITS
    frame.writeUInt16BE(size, 2)
  } else {
    frame[1] = IN_64_BITS
    frame.writeBigUInt64BE(BigInt(size), 2)
  }
  frame.write(text, headSize, 'utf8')
  return frame
}
