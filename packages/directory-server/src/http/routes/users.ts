import { DeleteUser, PutRecord, type UsersPage, UsersQuery } from '@parley/shared/directory-api/users.ts'
import { Name } from '@parley/shared/ids.ts'
import { Router } from 'express'
import type { AppParts } from '../app-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { HttpError } from '../http-error.ts'
import { nameOf, queryOf, refuseQuery } from '../parameters.ts'
import { canonicalAddress } from '../source-address.ts'

type Parts = Pick<
  AppParts,
  | 'accountRecords'
  | 'retirements'
  | 'userViews'
  | 'ipLookup'
  | 'readJsonBody'
  | 'admission'
  | 'sources'
  | 'rateLimits'
  | 'log'
>

/** `/v1/users` and `/v1/users/{name}`. */
export function userRoutes({
  accountRecords,
  retirements,
  userViews,
  ipLookup,
  readJsonBody,
  admission,
  sources,
  rateLimits,
  log,
}: Parts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/v1/users')
    .get(rateLimits.limit('search'), (request, response) => {
      const { cursor, ip, ...query } = queryOf(request, UsersQuery)
      if (ip !== undefined && !ipLookup) {
        throw new HttpError('ip-lookup-off', 'this directory does not tell who was seen at an address')
      }
      const address = ip === undefined ? {} : { ip: canonicalAddress(ip) }
      const { users, last } = userViews.page({ ...query, ...address }, afterCursor(cursor))
      response.json({ users, ...(last !== undefined && { next: cursorAfter(last) }) } satisfies UsersPage)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/v1/users/:name')
    .get(rateLimits.limit('lookup'), (request, response) => {
      refuseQuery(request)
      response.json(userViews.user(nameOf(request)))
    })
    .put(async (request, response) => {
      refuseQuery(request)
      const name = nameOf(request)
      const isNew = !accountRecords.isHeld(name)
      rateLimits.admit(request, isNew ? 'registration' : 'write')
      if (isNew) admission.requireToken(request)
      const { record } = await readJsonBody(request, PutRecord)
      const { outcome, user } = await accountRecords.publish(name, record, sources.of(request).address)
      if (outcome !== 'unchanged') log.info({ name, logIndex: user.logIndex }, `record ${outcome}`)
      response.status(outcome === 'created' ? 201 : 200).json(user)
    })
    .delete(rateLimits.limit('write'), async (request, response) => {
      refuseQuery(request)
      const name = nameOf(request)
      const { retirement } = await readJsonBody(request, DeleteUser)
      await retirements.retire(name, retirement)
      log.info({ name }, 'name retired')
      response.status(204).end()
    })
    .all(methodNotAllowed('GET', 'HEAD', 'PUT', 'DELETE'))
  return router
}

function cursorAfter(name: Name): string {
  return Buffer.from(name).toString('base64url')
}

function afterCursor(cursor: string | undefined): string {
  if (cursor === undefined) return ''
  const name = Name.safeParse(Buffer.from(cursor, 'base64url').toString())
  if (!name.success) throw new HttpError('bad-query', 'cursor: take it from the `next` of the page before')
  return name.data
}
