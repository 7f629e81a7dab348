import { audienceOf } from '@parley/shared/hashes.ts'
import type { DirectoryKey } from '@parley/shared/ids.ts'
import { packageVersion } from '@parley/shared/package-version.ts'
import { type Logger, pino } from 'pino'
import { Admission } from '#http/admission.ts'
import { AllowList } from '#http/allow-list.ts'
import { createApp } from '#http/app.ts'
import { type DropReason, Drops } from '#http/drops.ts'
import { frontHandler } from '#http/front-handler.ts'
import { closeServer, isLoopback, listen } from '#http/listen.ts'
import { ListenError } from '#http/listen-error.ts'
import { problemOf } from '#http/problems.ts'
import { exemption, RateLimits } from '#http/rate-limits.ts'
import { jsonBodyReader } from '#http/read-body.ts'
import { ReadyAnswers } from '#http/ready-answers.ts'
import { loadRegistrationToken } from '#http/registration-token.ts'
import { reloadTls, warnOfExpiry } from '#http/reload-tls.ts'
import { createHttpServer } from '#http/server.ts'
import { SocketGate } from '#http/socket-gate.ts'
import { Sources } from '#http/source-address.ts'
import { loadTls, tlsFilesOf } from '#http/tls-files.ts'
import { acceptUpgrades } from '#http/upgrade.ts'
import { directoryLimits } from '#limits/directory-limits.ts'
import { Metrics } from '#metrics/metrics.ts'
import { Presence } from '#presence/presence.ts'
import { AccountRecords } from '#records/account-records.ts'
import { isDeviceInForce, type RecordsContext } from '#records/context.ts'
import { DeviceStatements } from '#records/device-statements.ts'
import { ExpirySweep } from '#records/expiry-sweep.ts'
import { HeartbeatIntake, recordHeartbeats } from '#records/heartbeat-intake.ts'
import { Prekeys } from '#records/prekeys.ts'
import { authenticateDevice } from '#records/presence-proofs.ts'
import { Retirements } from '#records/retirements.ts'
import { Search } from '#records/search.ts'
import { recordSighting } from '#records/sightings.ts'
import { UserViews } from '#records/user-views.ts'
import type { Settings } from '#settings/settings.ts'
import { SearchThread } from '#store/search-thread.ts'
import { openStore } from '#store/store.ts'

/** All settings, and what only code can give. */
export interface DirectoryOptions extends Partial<Settings> {
  readonly dataDir: string
  readonly log?: Logger
  readonly now?: () => number
  /** Called once when the disk fails: no write is acknowledged any more, and the process should end. */
  readonly onFailed?: (error: Error) => void
}

export interface Directory extends AsyncDisposable {
  readonly url: string
  readonly directoryKey: DirectoryKey
  /** What was refused or cut since the start, by reason. */
  drops(): ReadonlyMap<DropReason, number>
  /** Reads the certificate and the allow list again; absent without either. */
  readonly reload: (() => void) | undefined
  /** Finishes what is under way, closes every connection, and frees the data directory. Twice is safe. */
  stop(): Promise<void>
}

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 5000

/**
 * A running directory. Rejects with ListenError or StoreError; whatever was opened by then is closed again.
 */
export async function startDirectory(options: DirectoryOptions): Promise<Directory> {
  const { dataDir, host = DEFAULT_HOST, port = DEFAULT_PORT, now = Date.now } = options
  const log = options.log ?? pino({ level: 'silent' })
  const limits = directoryLimits(options.limit)
  const tlsFiles = tlsFilesOf(options.tlsCert, options.tlsKey)
  const tls = tlsFiles && loadTls(tlsFiles)
  const token = loadRegistrationToken(options.registrationToken, options.registrationTokenFile)
  const allowList = options.allowList === undefined ? undefined : new AllowList(options.allowList)
  const sources = new Sources(options.trustProxy)
  refuseInsecureAddress(host, tls !== undefined || sources.hasProxies || (options.insecureHttp ?? false))

  await using started = new AsyncDisposableStack()
  const store = openStore({
    dataDir,
    limits,
    onFailed: (error) => {
      log.fatal({ err: error }, 'the disk failed; nothing is acknowledged any more')
      options.onFailed?.(error)
    },
    touched: (accountId) => readyAnswers.forget(accountId),
  })
  started.defer(() => store.close())

  const { tables, commit, path } = store
  const searchThread = new SearchThread({
    path,
    failed: (error) => log.error({ err: error }, 'the search thread died; the next search starts another'),
    limits,
  })
  started.defer(() => searchThread.close())
  const drops = new Drops()
  const isExempt = exemption(options.rateLimit ?? 'auto', isLoopback(host) && !sources.hasProxies)
  const rateLimits = new RateLimits({ limits, sources, isExempt, drops })
  const admission = new Admission({ token, allowList, isReadOnly: options.readOnly ?? false, drops })
  const gate = new SocketGate({ limits, sources, isExempt, drops })
  const context: RecordsContext = { tables, commit, audience: audienceOf(store.key.publicKey), now }
  const userViews = new UserViews({ tables, isOnline: (accountId) => presence.isOnline(accountId) })
  const presence: Presence = new Presence({
    limits,
    authenticate: (proof, nonce) => authenticateDevice(context, proof, nonce),
    problemOf,
    stateOf: (name) => userViews.presenceOf(name),
    namesOf: (accountId) => tables.users.visibleNamesOf(accountId),
    isInForce: (device) => isDeviceInForce(context, device),
    oneTimePrekeysOf: ({ accountId, deviceKey }) => tables.oneTimePrekeys.count(accountId, deviceKey),
    seen: (accountId, address) => recordSighting(context, accountId, address),
    writeHeartbeats: (heartbeats) => recordHeartbeats(context, heartbeats),
    onlineChanged: (accountId, isOnline) => {
      tables.listing.setOnline(accountId, isOnline ? tables.users.visibleNamesOf(accountId) : [])
      readyAnswers.forget(accountId)
    },
    failed: (error) => log.error({ err: error }, 'presence failed'),
    dropped: (reason) => drops.count(reason),
  })
  const sweep = new ExpirySweep({
    context,
    everyMs: limits.EXPIRY_SWEEP_MS,
    onExpired: (accountId) => presence.recordChanged(accountId),
    failed: (error) => log.error({ err: error }, 'expired records could not be cleared away'),
  })
  started.defer(() => sweep.stop())
  const userOf = userViews.userOf.bind(userViews)
  const readyAnswers: ReadyAnswers = new ReadyAnswers({ limits, find: (name) => userViews.find(name), now })

  const metrics = new Metrics({
    version: packageVersion(import.meta.url),
    registeredNames: () => tables.users.count(),
    onlineAccounts: () => presence.onlineAccounts,
    presenceSockets: () => presence.sockets,
    watchedNames: () => presence.watchedNames,
    waitingWrites: () => commit.waiting,
    waitingSearches: () => searchThread.waiting,
    walBytes: () => store.walBytes(),
    drops: () => drops.totals(),
  })

  let isStopping = false
  const app = createApp({
    directoryKey: store.key.publicKey,
    accountRecords: new AccountRecords({
      context,
      userOf,
      judgeNew: (name, accountId) => admission.judge(name, accountId),
      onPublished: (accountId, name, { isSeenAnew }) => {
        if (isSeenAnew) presence.nameChanged(name, accountId)
        else presence.recordChanged(accountId)
      },
    }),
    deviceStatements: new DeviceStatements({ context, userOf }),
    heartbeats: new HeartbeatIntake({
      context,
      onlineMs: limits.HEARTBEAT_ONLINE_MS,
      lastNumber: (device) => presence.lastHeartbeat(device),
      hasRoomFor: (device) => presence.hasRoomForHeartbeat(device),
      accepted: (heartbeat) => presence.heard(heartbeat),
      isOnline: (accountId) => presence.isOnline(accountId),
    }),
    prekeys: new Prekeys({
      context,
      onClaimed: (accountId, device, left) => presence.prekeysLeft(accountId, device, left),
    }),
    retirements: new Retirements({
      context,
      onRetired: (accountId, name) => presence.nameChanged(name, accountId),
    }),
    search: new Search({
      byBeginning: (sought) => tables.searchIndex.byBeginning(sought),
      byPart: (sought, but) => searchThread.byPart(sought, but),
      summaryOf: (row) => userViews.found(row),
      now,
    }),
    userViews,
    limits,
    readJsonBody: jsonBodyReader(limits),
    ipLookup: options.ipLookup ?? true,
    admission,
    sources,
    rateLimits,
    drops,
    metrics,
    metricsAccess: options.metrics ?? 'loopback',
    isReady: () => !isStopping && commit.state === 'open',
    log,
  })
  const front = frontHandler({
    answers: readyAnswers,
    isAdmitted: (request) => rateLimits.isAdmitted(request, 'lookup'),
    app,
    isEachLogged: () => log.isLevelEnabled('debug'),
    meter: metrics.requests.meter('GET', '/v1/users/:name'),
  })
  const server = createHttpServer({ handle: front, limits, drops, tls })
  gate.guard(server)
  acceptUpgrades(server, { presence, sources, gate, rateLimits, limits, drops })
  const url = await listen(server, host, port)
  // From here on an error is about one connection that could not be accepted, for want of file descriptors for instance.
  server.on('error', (error) => log.error({ err: error }, 'a connection was not accepted'))
  started.defer(async () => {
    isStopping = true
    await Promise.all([closeServer(server, limits.STOP_TIMEOUT_MS), presence.stop()])
  })
  if (tls !== undefined) warnOfExpiry(tls, { log, now })
  else if (!isLoopback(host)) log.warn({ host }, 'listening without encryption on an address that other machines reach')
  if (admission.features.length > 0) log.info({ closed: admission.features }, 'not open to everybody')
  if (options.rateLimit === 'off') log.warn('no limits per source')
  if (Object.keys(options.limit ?? {}).length > 0) log.warn({ ...options.limit }, 'limits differ from the defaults')
  log.info({ url, directoryKey: store.key.publicKey }, 'directory started')

  const reload = () => {
    if (tlsFiles !== undefined) reloadTls(server, tlsFiles, { log, now })
    allowList?.reload(log)
  }
  const running = started.move()
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= running.disposeAsync().then(() => log.info('directory stopped'))
    return stopping
  }
  return {
    url,
    directoryKey: store.key.publicKey,
    drops: () => drops.totals(),
    reload: tlsFiles || allowList ? reload : undefined,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function refuseInsecureAddress(host: string, isAllowed: boolean): void {
  if (isAllowed || isLoopback(host)) return
  throw new ListenError(
    'insecure-address',
    `${host} can be reached by other machines and nothing would encrypt the way. ` +
      'Give a certificate with --tls-cert and --tls-key, or name the proxy that encrypts with --trust-proxy; ' +
      'to serve plain HTTP all the same, add --insecure-http',
  )
}
