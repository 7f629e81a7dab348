import { ChatBroadcast, ChatLine, DaemonEvent, DaemonFrame } from '@parley/shared/local-api/events.ts'
import { IdempotencyKey } from '@parley/shared/local-api/messages.ts'
import { LocalProblem, type LocalProblemCode } from '@parley/shared/local-api/problem.ts'
import { z } from 'zod'
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import { PROBLEM_TYPE } from '../error-handler.ts'
import { problem } from '../problems.ts'
import { OPERATIONS, type Operation, type Tag } from './operations.ts'

/** What any call can end with. */
const ALWAYS = ['bad-request', 'forbidden-host', 'forbidden-origin', 'stopping', 'internal'] as const
const WITH_BODY = ['unsupported-media-type', 'too-large'] as const

const PARAMETERS: Readonly<Record<string, z.ZodType>> = {
  who: z.string().meta({ description: 'A name, a nickname, name@directory or an account id' }),
  id: z.string().meta({ description: 'The id of a message, as send and history give it' }),
  name: z.string().meta({ description: 'What a cursor is called' }),
}

const TAGS: Readonly<Record<Tag, string>> = {
  messages: 'What was written',
  conversations: 'What was said with somebody',
  contacts: 'Whom I know, and whose key it is',
  peers: 'Who is there, and being connected',
  own: 'My account',
  daemon: 'The program itself',
  short: 'For a script in one line',
}

const SOCKETS = `Two addresses speak WebSocket, JSON in text frames; every frame of the daemon is a \`DaemonFrame\`:

- \`GET /api/v1/events\` tells what happens (\`DaemonEvent\`) from \`ready\` on.
- \`GET /ws\` tells the same, and takes \`ChatLine\`, \`ChatBroadcast\` and the bare text \`/peers\`.

The token is in the header, or in the first frame: \`{"type": "authenticate", "token": …}\`.`

/** The local API as OpenAPI 3.1, of the schemas that the routes read and answer with. */
export function createOpenApi(version: string): string {
  const paths: ZodOpenApiPathsObject = {}
  for (const operation of OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) }
  }
  const document = createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Parley, local API of a peer',
      version,
      description: `For programs on this machine. The token is what the file \`api-token\` of the profile holds. Refusals are RFC 9457 problem details with a stable \`code\`.\n\n${SOCKETS}`,
      license: { name: 'AGPL-3.0-only', identifier: 'AGPL-3.0-only' },
    },
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { DaemonEvent, DaemonFrame, ChatLine, ChatBroadcast, LocalProblem },
    },
  })
  return JSON.stringify(document)
}

function describe(operation: Operation): ZodOpenApiOperationObject {
  const { method, path, tag, summary, description, query, body, isIdempotent, isOpen, problems } = operation
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const parameters = Object.fromEntries(names.map((name) => [name, PARAMETERS[name] ?? z.string()]))
  const refusals = [...problems, ...ALWAYS, ...(body ? WITH_BODY : []), ...(isOpen ? [] : (['unauthorised'] as const))]
  return {
    summary,
    ...(description !== undefined && { description }),
    tags: [tag],
    operationId: `${method}${path.replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? '')}`,
    ...(isOpen === true && { security: [] }),
    requestParams: {
      ...(names.length > 0 && { path: z.object(parameters) }),
      ...(query && { query }),
      ...(isIdempotent === true && { header: z.object({ 'Idempotency-Key': IdempotencyKey.optional() }) }),
    },
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: { [String(operation.status)]: describeAnswer(operation), ...describeProblems(refusals) },
  }
}

function describeAnswer({ answer: description, schema, mediaType = 'application/json' }: Operation) {
  return { description, ...(schema && { content: { [mediaType]: { schema } } }) }
}

/** One answer for each status, which lists the codes that come with it. */
function describeProblems(codes: readonly LocalProblemCode[]) {
  const byStatus = new Map<number, Set<LocalProblemCode>>()
  for (const code of codes) {
    const { status } = problem(code)
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code))
  }
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => {
      const lines = [...those].map((code) => `- \`${code}\`: ${problem(code).title}`)
      return [String(status), { description: lines.join('\n'), content: { [PROBLEM_TYPE]: { schema: LocalProblem } } }]
    }),
  )
}
