// What the document says of each call besides its schemas. The schemas are those that the routes themselves read with.
import { HeartbeatAnswer, PostHeartbeat } from '@parley/shared/directory-api/heartbeat.ts'
import { ClaimedPrekeys, ClaimPrekeys, PrekeyCount, PutPrekeys } from '@parley/shared/directory-api/prekeys.ts'
import type { ProblemCode } from '@parley/shared/directory-api/problem.ts'
import { SearchQuery, SearchResult } from '@parley/shared/directory-api/search.ts'
import {
  DeleteUser,
  DirectoryInfo,
  PutRecord,
  PutStatement,
  User,
  UsersPage,
  UsersQuery,
} from '@parley/shared/directory-api/users.ts'
import { z } from 'zod'

export interface Operation {
  readonly method: 'get' | 'put' | 'post' | 'delete'
  readonly path: string
  readonly tag: 'users' | 'devices' | 'presence' | 'operations'
  readonly summary: string
  readonly description?: string
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** Answers by status; a text is one without a schema. */
  readonly answers: Readonly<Record<number, Answer>>
  /** Besides those that every call can end with. */
  readonly problems: readonly ProblemCode[]
}

export interface Answer {
  readonly description: string
  readonly schema?: z.ZodType
  readonly mediaType?: string
}

const BODY = ['bad-json', 'body-too-large', 'unsupported-media-type', 'bad-request'] as const
/** While the directory takes no changes. */
const CLOSED = ['read-only'] as const
const SIGNED = ['malformed', 'wrong-kind', 'wrong-audience', 'bad-signature', 'stale-seq'] as const
const NAME = ['bad-name'] as const
const DEVICE = ['bad-name', 'bad-request', 'unknown-name', 'unknown-device'] as const

const json = (schema: z.ZodType, description: string): Answer => ({ schema, description })

export const OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1',
    tag: 'operations',
    summary: 'What this directory is',
    description: 'Its key, to which everything signed for it is bound; the features that it offers; its limits.',
    answers: { 200: json(DirectoryInfo, 'This directory') },
    problems: [],
  },
  {
    method: 'get',
    path: '/v1/users',
    tag: 'users',
    summary: 'All names, page by page in the order of names; or those last seen at an address',
    query: UsersQuery,
    answers: { 200: json(UsersPage, 'One page; `next` is the cursor of the following one') },
    problems: ['ip-lookup-off'],
  },
  {
    method: 'get',
    path: '/v1/search',
    tag: 'users',
    summary: 'Find names by a part of name, display name or status text',
    query: SearchQuery,
    answers: { 200: json(SearchResult, 'The best first') },
    problems: [],
  },
  {
    method: 'get',
    path: '/v1/users/{name}',
    tag: 'users',
    summary: 'Look a name up',
    description: 'What is signed is served as it was signed; verify it.',
    answers: { 200: json(User, 'Who holds the name') },
    problems: [...NAME, 'unknown-name'],
  },
  {
    method: 'put',
    path: '/v1/users/{name}',
    tag: 'users',
    summary: 'Take the name, or publish a newer account record',
    body: PutRecord,
    answers: { 200: json(User, 'The record is in force, or was already'), 201: json(User, 'The name was free') },
    problems: [
      ...NAME,
      ...BODY,
      ...CLOSED,
      ...SIGNED,
      'wrong-name',
      'bad-rotation',
      'bad-certificate',
      'expired',
      'registration-token',
      'not-listed',
      'name-taken',
      'name-reserved',
      'wrong-prev',
      'key-changed',
    ],
  },
  {
    method: 'delete',
    path: '/v1/users/{name}',
    tag: 'users',
    summary: 'Give the name up',
    body: DeleteUser,
    answers: { 204: { description: 'The name is free again once its reservation ends' } },
    problems: [...NAME, ...BODY, ...CLOSED, ...SIGNED, 'wrong-name', 'unknown-name'],
  },
  {
    method: 'post',
    path: '/v1/users/{name}/heartbeat',
    tag: 'presence',
    summary: 'Be online for a while without a WebSocket',
    body: PostHeartbeat,
    answers: { 200: json(HeartbeatAnswer, 'What the heartbeat did') },
    problems: [...NAME, ...BODY, ...CLOSED, ...SIGNED, 'wrong-name', 'unknown-name', 'unknown-device', 'not-a-user'],
  },
  {
    method: 'put',
    path: '/v1/users/{name}/devices/{device}',
    tag: 'devices',
    summary: 'Publish where a device can be reached',
    body: PutStatement,
    answers: {
      200: json(User, 'The statement is in force, or was already'),
      201: json(User, 'The first of the device'),
    },
    problems: [...DEVICE, ...BODY, ...CLOSED, ...SIGNED],
  },
  {
    method: 'get',
    path: '/v1/users/{name}/devices/{device}/prekeys',
    tag: 'devices',
    summary: 'How many one-time prekeys are left',
    answers: { 200: json(PrekeyCount, 'The count') },
    problems: DEVICE,
  },
  {
    method: 'put',
    path: '/v1/users/{name}/devices/{device}/prekeys',
    tag: 'devices',
    summary: 'Upload prekeys',
    body: PutPrekeys,
    answers: { 200: json(PrekeyCount, 'How many one-time prekeys are held now') },
    problems: [...DEVICE, ...BODY, ...CLOSED, ...SIGNED, 'bad-prekeys'],
  },
  {
    method: 'post',
    path: '/v1/users/{name}/devices/{device}/prekeys/claim',
    tag: 'devices',
    summary: 'Take one bundle of prekeys, to begin a conversation',
    description: 'Each one-time prekey is handed out once; without any left the last-resort key answers.',
    body: ClaimPrekeys,
    answers: { 200: json(ClaimedPrekeys, 'The bundle') },
    problems: [...DEVICE, ...BODY, ...CLOSED, ...SIGNED, 'no-prekeys', 'not-a-user'],
  },
  {
    method: 'get',
    path: '/v1/presence',
    tag: 'presence',
    summary: 'WebSocket: be online, and hear who is',
    description:
      'Frames are JSON texts: `ToDirectory` from the client, `FromDirectory` from the directory, which begins with a challenge. ' +
      'Close codes: 4400 bad request, 4401 not authenticated, 4409 the device connected again elsewhere, 4429 read too slowly, 1001 the directory stops, 1013 try again later.',
    answers: { 101: { description: 'A WebSocket (RFC 6455)' } },
    problems: ['bad-request'],
  },
  {
    method: 'get',
    path: '/healthz',
    tag: 'operations',
    summary: 'The process answers',
    answers: { 200: json(z.object({ status: z.literal('ok') }), 'It does') },
    problems: [],
  },
  {
    method: 'get',
    path: '/readyz',
    tag: 'operations',
    summary: 'A write would be accepted',
    answers: { 200: json(z.object({ status: z.literal('ready') }), 'It would') },
    problems: [],
  },
  {
    method: 'get',
    path: '/metrics',
    tag: 'operations',
    summary: 'Numbers for Prometheus',
    description: 'Only for the machine of the directory, unless it was started with `--metrics on`.',
    answers: { 200: { description: 'The text format of Prometheus', schema: z.string(), mediaType: 'text/plain' } },
    problems: ['not-found'],
  },
  {
    method: 'get',
    path: '/openapi.json',
    tag: 'operations',
    summary: 'This document',
    answers: { 200: json(z.looseObject({ openapi: z.string() }), 'OpenAPI 3.1') },
    problems: [],
  },
  {
    method: 'get',
    path: '/docs',
    tag: 'operations',
    summary: 'This document, to read and try',
    answers: { 200: { description: 'A page', schema: z.string(), mediaType: 'text/html' } },
    problems: [],
  },
]
