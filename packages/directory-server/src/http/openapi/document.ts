import { FromDirectory, ToDirectory } from '@parley/shared/directory-api/presence.ts'
import { Problem, type ProblemCode } from '@parley/shared/directory-api/problem.ts'
import { DirectoryInfo, User, UserSummary } from '@parley/shared/directory-api/users.ts'
import { z } from 'zod'
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import { PROBLEM_TYPE, problem } from '../problems.ts'
import { type Answer, OPERATIONS, type Operation } from './operations.ts'

/** What any call can end with. */
const ALWAYS = ['bad-query', 'rate-limited', 'busy', 'unavailable', 'internal'] as const

const PARAMETERS = {
  name: z.string().meta({ description: 'A name, in lower case' }),
  device: z.string().meta({ description: 'The public key of a device, Ed25519, 43 characters of base64url' }),
}

/** The API of a directory as OpenAPI 3.1, of the schemas that the routes read with. */
export function createOpenApi(version: string): string {
  const paths: ZodOpenApiPathsObject = {}
  for (const operation of OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) }
  }
  const document = createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Parley directory',
      version,
      description:
        'Introduces people to each other; it never carries a message. Everything that matters is signed by its owner, so a client believes what verifies and nothing else. Refusals are RFC 9457 problem details with a stable `code`.',
      license: { name: 'AGPL-3.0-only', identifier: 'AGPL-3.0-only' },
    },
    tags: ['users', 'devices', 'presence', 'operations'].map((name) => ({ name })),
    servers: [{ url: '/' }],
    paths,
    components: { schemas: { DirectoryInfo, FromDirectory, Problem, ToDirectory, User, UserSummary } },
  })
  return JSON.stringify(document)
}

function describe({
  method,
  path,
  tag,
  answers,
  problems,
  query,
  body,
  ...said
}: Operation): ZodOpenApiOperationObject {
  const names = [...path.matchAll(/\{(name|device)\}/g)].map(([, name]) => (name === 'device' ? name : 'name'))
  const parameters = Object.fromEntries(names.map((name) => [name, PARAMETERS[name]]))
  return {
    ...said,
    tags: [tag],
    operationId: `${method}${path.replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? '')}`,
    requestParams: { ...(names.length > 0 && { path: z.object(parameters) }), ...(query && { query }) },
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: { ...describeAnswers(answers), ...describeProblems([...problems, ...ALWAYS]) },
  }
}

function describeAnswers(answers: Operation['answers']) {
  return Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, describeAnswer(answer)]))
}

function describeAnswer({ description, schema, mediaType = 'application/json' }: Answer) {
  return { description, ...(schema && { content: { [mediaType]: { schema } } }) }
}

/** One answer for each status, which lists the codes that come with it. */
function describeProblems(codes: readonly ProblemCode[]) {
  const byStatus = new Map<number, Set<ProblemCode>>()
  for (const code of codes) {
    const { status } = problem(code)
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code))
  }
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => {
      const lines = [...those].map((code) => `- \`${code}\`: ${problem(code).title}`)
      return [String(status), { description: lines.join('\n'), content: { [PROBLEM_TYPE]: { schema: Problem } } }]
    }),
  )
}
