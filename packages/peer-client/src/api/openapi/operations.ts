// What the document says of each call besides its schemas. The schemas are those that the routes themselves read and answer with.
import { OwnProfile, OwnProfileChange, RotatedKey } from '@parley/shared/local-api/account.ts'
import { AddContact, ChangeContact, Contact, ContactList } from '@parley/shared/local-api/contacts.ts'
import { ConversationList, ToldTyping } from '@parley/shared/local-api/conversations.ts'
import { EventsPage, EventsQuery } from '@parley/shared/local-api/events.ts'
import { ExportQuery, ExportRecord } from '@parley/shared/local-api/export.ts'
import {
  Broadcast,
  BroadcastResult,
  EditMessage,
  HistoryPage,
  HistoryQuery,
  MarkedRead,
  MarkRead,
  MessageQuery,
  MessageView,
  ReactToMessage,
  SendBatch,
  SendMessage,
  SentBatch,
  WaitForAll,
  Why,
} from '@parley/shared/local-api/messages.ts'
import { FindQuery, FoundUsers, PeerInfo, PeerList, Target, Traffic } from '@parley/shared/local-api/peers.ts'
import type { LocalProblemCode } from '@parley/shared/local-api/problem.ts'
import { Proof, ProofQuery } from '@parley/shared/local-api/proof.ts'
import { MoveReader, ReaderInfo, ReaderList, ReceivedPage, ReceivedQuery } from '@parley/shared/local-api/received.ts'
import { SearchPage, SearchQuery } from '@parley/shared/local-api/search.ts'
import { ChangeSettings, Settings } from '@parley/shared/local-api/settings.ts'
import { SignedIn, SignIn, SignInLink } from '@parley/shared/local-api/sign-in.ts'
import { DaemonStatus } from '@parley/shared/local-api/status.ts'
import { AcceptedKey, KeyChange, KeyDecision, SafetyNumber, VerifyContact } from '@parley/shared/local-api/trust.ts'
import { z } from 'zod'

type Method = 'get' | 'put' | 'post' | 'patch' | 'delete'
export type Tag = 'messages' | 'conversations' | 'contacts' | 'peers' | 'own' | 'daemon' | 'short'

export interface Operation {
  readonly method: Method
  readonly path: string
  readonly tag: Tag
  readonly summary: string
  readonly description?: string
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** It takes an Idempotency-Key. */
  readonly isIdempotent?: boolean
  /** It answers without the token. */
  readonly isOpen?: boolean
  /** The answer when all is well. */
  readonly status: number
  readonly answer: string
  readonly schema?: z.ZodType
  readonly mediaType?: string
  /** Besides those that every call can end with. */
  readonly problems: readonly LocalProblemCode[]
}

const WHO = ['unknown-name', 'directory-unreachable', 'key-changed'] as const
const MESSAGE = ['unknown-message'] as const
const WRITE = [...WHO, 'blocked', 'outbox-full', 'idempotency-conflict', 'too-large', 'storage-failed'] as const
const OWN_MESSAGE = [...MESSAGE, 'already-sent', 'not-editable', 'outbox-full', 'blocked', 'too-large'] as const

const of = (tag: Tag, method: Method, path: string, rest: Omit<Operation, 'tag' | 'method' | 'path'>): Operation => ({
  tag,
  method,
  path,
  ...rest,
})
const get = (
  tag: Tag,
  path: string,
  summary: string,
  schema: z.ZodType,
  rest: Partial<Pick<Operation, 'query' | 'problems' | 'description' | 'isOpen'>> = {},
): Operation => of(tag, 'get', path, { summary, schema, status: 200, answer: 'As it is now', problems: [], ...rest })
const change = (
  tag: Tag,
  method: Exclude<Method, 'get'>,
  path: string,
  summary: string,
  schema: z.ZodType | undefined,
  rest: Partial<Omit<Operation, 'method' | 'path' | 'tag' | 'summary' | 'schema'>> = {},
): Operation =>
  of(tag, method, path, {
    summary,
    ...(schema === undefined
      ? { status: 204, answer: 'Done' }
      : { schema, status: 200, answer: 'As it is afterwards' }),
    problems: [],
    ...rest,
  })

const CONTACT = '/api/v1/contacts/{who}'
const CONVERSATION = '/api/v1/conversations/{who}'
const ONE_MESSAGE = '/api/v1/messages/{id}'

export const OPERATIONS: readonly Operation[] = [
  change('messages', 'post', '/api/v1/messages', 'Write to somebody', MessageView, {
    body: SendMessage,
    isIdempotent: true,
    status: 201,
    answer: 'The message is on the disk',
    problems: [...WRITE, ...MESSAGE],
  }),
  change('messages', 'post', '/api/v1/messages/batch', 'Write several messages to somebody', SentBatch, {
    body: SendBatch,
    isIdempotent: true,
    status: 201,
    answer: 'The messages of the first texts; of the others there was no room',
    problems: WRITE,
  }),
  change('messages', 'post', '/api/v1/messages/wait', 'Wait until several messages have left, or arrived', SentBatch, {
    body: WaitForAll,
    problems: MESSAGE,
  }),
  get('messages', ONE_MESSAGE, 'A message, at once or when it has left, or arrived', MessageView, {
    query: MessageQuery,
    problems: MESSAGE,
  }),
  change('messages', 'post', `${ONE_MESSAGE}/cancel`, 'Take a message back that has not left', MessageView, {
    problems: OWN_MESSAGE,
  }),
  change('messages', 'post', `${ONE_MESSAGE}/edit`, 'Change the text of a message', MessageView, {
    body: EditMessage,
    problems: OWN_MESSAGE,
  }),
  change(
    'messages',
    'post',
    `${ONE_MESSAGE}/delete`,
    'Show a message no more, here and at the other side',
    MessageView,
    {
      problems: OWN_MESSAGE,
    },
  ),
  change('messages', 'post', `${ONE_MESSAGE}/hide`, 'Show a message no more on this device', undefined, {
    problems: MESSAGE,
  }),
  change('messages', 'post', `${ONE_MESSAGE}/react`, 'React to a message with an emoji', MessageView, {
    body: ReactToMessage,
    problems: OWN_MESSAGE,
  }),
  get('messages', `${ONE_MESSAGE}/why`, 'Where a message is, what was tried, what happens next', Why, {
    problems: MESSAGE,
  }),
  get('messages', '/api/v1/search', 'Find messages by their words', SearchPage, {
    query: SearchQuery,
    problems: [...WHO, 'search-busy', 'search-failed'],
  }),
  get('messages', '/api/v1/received', 'What others wrote, from a cursor on', ReceivedPage, {
    query: ReceivedQuery,
    description:
      'Nothing is missed and nothing comes twice: commit `next` as the cursor once the messages are safe. With `waitMs` it waits for a first message.',
    problems: WHO,
  }),
  get('messages', '/api/v1/events', 'What happened since a place in the log', EventsPage, {
    query: EventsQuery,
    description:
      'Messages, their states, and notes. The frame `ready` of the WebSocket at this address has the place from which on it tells live.',
  }),
  get('messages', '/api/v1/cursors', 'Cursors by name', ReaderList),
  change('messages', 'put', '/api/v1/cursors/{name}', 'Move a cursor forwards', ReaderInfo, { body: MoveReader }),
  change('messages', 'delete', '/api/v1/cursors/{name}', 'Forget a cursor', undefined),
  of('messages', 'get', '/api/v1/export', {
    summary: 'All that was said, a JSON object on each line',
    description: 'The last record is `end`: without it the export is not whole.',
    query: ExportQuery,
    status: 200,
    answer: 'One record on each line',
    schema: ExportRecord,
    mediaType: 'application/x-ndjson',
    problems: WHO,
  }),
  get('conversations', '/api/v1/conversations', 'All conversations at a glance', ConversationList),
  get('conversations', `${CONVERSATION}/messages`, 'A conversation, page by page in both directions', HistoryPage, {
    query: HistoryQuery,
    problems: [...WHO, ...MESSAGE],
  }),
  change('conversations', 'post', `${CONVERSATION}/read`, 'All of it was read, or all up to a message', MarkedRead, {
    body: MarkRead,
    problems: [...WHO, ...MESSAGE],
  }),
  change('conversations', 'post', `${CONVERSATION}/typing`, 'Tell that something is being written', ToldTyping, {
    problems: WHO,
  }),
  get('contacts', '/api/v1/contacts', 'All contacts, by name', ContactList),
  change('contacts', 'post', '/api/v1/contacts', 'Add a contact', Contact, {
    body: AddContact,
    problems: [...WHO, 'name-taken'],
  }),
  get('contacts', CONTACT, 'A contact', Contact, { problems: WHO }),
  change('contacts', 'patch', CONTACT, 'Give a nickname, or take it away', Contact, {
    body: ChangeContact,
    problems: [...WHO, 'name-taken'],
  }),
  change('contacts', 'post', `${CONTACT}/block`, 'Take nothing from there, and send nothing there', Contact, {
    problems: WHO,
  }),
  change('contacts', 'post', `${CONTACT}/unblock`, 'Talk to each other again', Contact, { problems: WHO }),
  get('contacts', `${CONTACT}/safety-number`, 'The number to compare', SafetyNumber, { problems: WHO }),
  change('contacts', 'post', `${CONTACT}/verify`, 'The numbers were compared', SafetyNumber, {
    body: VerifyContact,
    problems: [...WHO, 'safety-number-differs'],
  }),
  change('contacts', 'post', `${CONTACT}/unverify`, 'Forget that they were', SafetyNumber, { problems: WHO }),
  get('contacts', `${CONTACT}/key-change`, 'What is offered in the place of the known key', KeyChange, {
    problems: [...WHO, 'no-key-change'],
  }),
  change('contacts', 'post', `${CONTACT}/accept-key`, 'Send what was held to the offered key', AcceptedKey, {
    body: KeyDecision,
    problems: [...WHO, 'no-key-change'],
  }),
  change('contacts', 'post', `${CONTACT}/refuse-key`, 'Keep the known key', AcceptedKey, {
    body: KeyDecision,
    problems: [...WHO, 'no-key-change'],
  }),
  get('peers', '/api/v1/peers', 'Devices of those I know, and how they are connected', PeerList),
  get('peers', '/api/v1/traffic', 'What went over all sessions, in the last minutes and since the start', Traffic),
  get('peers', '/api/v1/find', 'Look for somebody in the directory', FoundUsers, {
    query: FindQuery,
    problems: ['no-directory', 'directory-unreachable'],
  }),
  change('peers', 'post', '/api/v1/connect', 'Connect to a name or HOST:PORT', PeerInfo, {
    body: Target,
    answer: 'A session is up',
    problems: [...WHO, 'unreachable', 'blocked'],
  }),
  change('peers', 'post', '/api/v1/disconnect', 'End a session, and begin none until asked to', undefined, {
    body: Target,
    problems: WHO,
  }),
  get('own', '/api/v1/account/profile', 'What the account says of itself in the directory', OwnProfile),
  change('own', 'post', '/api/v1/account/profile', 'Change that', OwnProfile, {
    body: OwnProfileChange,
    problems: ['no-directory'],
  }),
  change('own', 'post', '/api/v1/account/rotate-key', 'A new account key, signed by the old one', RotatedKey, {
    problems: ['too-many-rotations'],
  }),
  get('daemon', '/api/v1/status', 'How the peer is doing', DaemonStatus),
  get('daemon', '/api/v1/settings', 'What the peer does by itself', Settings),
  change('daemon', 'patch', '/api/v1/settings', 'Change that', Settings, { body: ChangeSettings }),
  change('daemon', 'post', '/api/v1/stop', 'End the daemon', z.object({}), { status: 202, answer: 'It is ending' }),
  of('daemon', 'get', '/metrics', {
    summary: 'Numbers for Prometheus',
    status: 200,
    answer: 'In the text format of Prometheus',
    schema: z.string(),
    mediaType: 'text/plain',
    problems: [],
  }),
  change('daemon', 'post', '/api/v1/sign-in-links', 'A link that opens the web app signed in, once', SignInLink, {
    status: 201,
    answer: 'Whoever opens it first is you',
  }),
  change('daemon', 'post', '/api/v1/sign-in', 'Trade the code of such a link for the token', SignedIn, {
    body: SignIn,
    isOpen: true,
    problems: ['sign-in-expired'],
  }),
  get('daemon', '/api/v1/proof', 'Ask the daemon to show that it knows the token, before telling it', Proof, {
    query: ProofQuery,
    isOpen: true,
    description:
      'The answer is the HMAC-SHA256, under the token as UTF-8, of `parley/1 local API`, a zero byte, HOST:PORT of the daemon, a ' +
      'zero byte, and the nonce, in hexadecimal.',
  }),
  get('short', '/peers', 'As /api/v1/peers', PeerList),
  change('short', 'post', '/send', 'Write to everybody who is connected', BroadcastResult, {
    body: Broadcast,
    isIdempotent: true,
    status: 201,
    answer: 'Who got one, and who did not',
    problems: ['too-large'],
  }),
]
