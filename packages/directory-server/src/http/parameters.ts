import { DeviceKey, foldName, Name } from '@parley/shared/ids.ts'
import type { Request } from 'express'
import { z } from 'zod'
import { HttpError } from './http-error.ts'

const NameParameter = z.object({ name: z.string() })
const DeviceParameter = z.object({ device: z.string() })

/** The name in the path. Throws `bad-name`, which says how the name is spelled when it can be one. */
export function nameOf(request: Request): Name {
  const { name: given } = NameParameter.parse(request.params)
  const name = Name.safeParse(given)
  if (name.success) return name.data
  const folded = foldName(given)
  if (folded !== undefined) throw new HttpError('bad-name', `names are lower case here: ${folded}`)
  throw new HttpError('bad-name', name.error.issues[0]?.message ?? 'not a name')
}

/** The device key in the path. Throws `bad-request`. */
export function deviceOf(request: Request): DeviceKey {
  const device = DeviceKey.safeParse(DeviceParameter.parse(request.params).device)
  if (device.success) return device.data
  throw new HttpError('bad-request', 'a device is named by its Ed25519 public key, 43 characters of base64url')
}

const NoQuery = z.strictObject({})

/** For calls that take no query. Throws `bad-query`. */
export function refuseQuery(request: Request): void {
  queryOf(request, NoQuery)
}

/** The query, read by its schema. Throws `bad-query`. */
export function queryOf<S extends z.ZodType>(request: Request, schema: S): z.infer<S> {
  const query = schema.safeParse({ ...request.query })
  if (query.success) return query.data
  const issue = query.error.issues[0]
  const where = issue?.path.join('.')
  throw new HttpError('bad-query', `${where ? `${where}: ` : ''}${issue?.message}`, { cause: query.error })
}
