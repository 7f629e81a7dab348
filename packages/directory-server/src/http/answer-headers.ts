import { Socket } from 'node:net'
import { http } from '@parley/shared/node-http.ts'
import helmet from 'helmet'

export const JSON_TYPE = 'application/json; charset=utf-8'

const secure = helmet({
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  referrerPolicy: { policy: 'no-referrer' },
  xFrameOptions: { action: 'deny' },
  // Over plain HTTP the header means nothing (RFC 6797 section 7.2).
  strictTransportSecurity: false,
})

/** What every answer carries, whoever gives it. */
export const ANSWER_HEADERS: Map<string, string> = readHeaders()

/** The same for every request, so they are worked out once. */
function readHeaders(): Map<string, string> {
  const request = new http.IncomingMessage(new Socket())
  const response = new http.ServerResponse(request)
  secure(request, response, () => response.setHeader('Cache-Control', 'no-store'))
  return new Map(response.getHeaderNames().map((name) => [name, String(response.getHeader(name))]))
}
