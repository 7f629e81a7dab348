import type { PeerInfo } from '@parley/shared/local-api/peers.ts'
import type { DaemonStatus, DirectoryState } from '@parley/shared/local-api/status.ts'
import { Avatar } from '#parts/avatar.tsx'
import { useDaemon } from '#parts/context.ts'
import { IconButton } from '#parts/icon-button.tsx'
import { openList } from '#state/navigation.ts'
import { now, peers, status } from '#state/store.ts'
import { bytesWords } from '#text/bytes.ts'
import { exactTime, span } from '#text/times.ts'
import { words } from '#words/words.ts'
import { linkWords } from './link-words.ts'
import { Outbox } from './outbox.tsx'
import { TrafficGraph } from './traffic-graph.tsx'

/** What the peer is doing: where it listens, the directory, who is connected and how, and what waits. Live. */
export function NetworkPage() {
  const daemon = useDaemon()
  const me = status.value
  return (
    <>
      <header class="page-header">
        <IconButton icon="back" label={words.conversation.back} class="only-narrow" onClick={() => openList(daemon)} />
        <h1 class="page-title">{words.network.title}</h1>
      </header>
      <div class="network">
        {me !== undefined && <Cards me={me} />}
        <section>
          <h2>{words.network.peers}</h2>
          {peers.value.length === 0 ? <p class="secondary">{words.network.noPeers}</p> : <Connections />}
        </section>
        <TrafficGraph />
        <Outbox />
      </div>
    </>
  )
}

function Cards({ me: { name, listening, startedAt, version, directory } }: { me: DaemonStatus }) {
  return (
    <div class="cards">
      <section class="card">
        <h2>{words.network.me}</h2>
        <dl>
          <dt>{words.network.name}</dt>
          <dd>{name}</dd>
          <dt>{words.network.listening}</dt>
          <dd>{listening.join(', ')}</dd>
          <dt>{words.network.running}</dt>
          <dd title={exactTime(startedAt)}>{span(now.value - startedAt)}</dd>
          <dt>{words.network.version}</dt>
          <dd>{version}</dd>
        </dl>
      </section>
      <section class="card">
        <h2>{words.network.directory}</h2>
        {'url' in directory && <p class="card-url">{directory.url}</p>}
        <p class={`secondary state-line state-line-${directory.state}`}>{directoryWords(directory, now.value)}</p>
      </section>
    </div>
  )
}

function directoryWords(directory: DirectoryState, at: number): string {
  switch (directory.state) {
    case 'none':
      return words.network.directoryNone
    case 'connecting':
      return words.network.directoryConnecting
    case 'online':
      return words.network.directoryOnline(exactTime(directory.since))
    case 'waiting':
      return words.network.directoryWaiting(directory.lastError, span(directory.until - at))
  }
}

const ORDER: readonly PeerInfo['link']['state'][] = ['connected', 'connecting', 'waiting', 'idle']

function Connections() {
  const sorted = peers.value.toSorted(
    (a, b) => ORDER.indexOf(a.link.state) - ORDER.indexOf(b.link.state) || a.name.localeCompare(b.name),
  )
  const { name, link, address, since, roundTrip, data } = words.network
  return (
    <table class="connections">
      <thead>
        <tr>
          <th scope="col">{name}</th>
          <th scope="col">{link}</th>
          <th scope="col">{address}</th>
          <th scope="col">{since}</th>
          <th scope="col" class="number">
            {roundTrip}
          </th>
          <th scope="col" class="number">
            {data}
          </th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((peer) => (
          <Connection key={peer.device} peer={peer} />
        ))}
      </tbody>
    </table>
  )
}

function Connection({ peer }: { peer: PeerInfo }) {
  const { account, name, link, isKeyChanged, presence } = peer
  const isUp = link.state === 'connected'
  return (
    <tr>
      <th scope="row">
        <span class="person">
          <Avatar account={account} name={name} size="small" presence={isUp ? 'connected' : presence} />
          {name}
        </span>
      </th>
      <td
        data-label={words.network.link}
        class={isKeyChanged ? 'warn' : ''}
        title={'lastError' in link ? link.lastError : undefined}
      >
        {linkWords(peer, now.value)}
      </td>
      <td data-label={words.network.address}>{'address' in link ? link.address : ''}</td>
      <td data-label={words.network.since} title={isUp ? exactTime(link.since) : undefined}>
        {isUp ? span(now.value - link.since) : ''}
      </td>
      <td data-label={words.network.roundTrip} class="number">
        {isUp && link.roundTripMs !== undefined ? words.network.ms(link.roundTripMs) : ''}
      </td>
      <td data-label={words.network.data} class="number">
        {isUp && link.receivedBytes !== undefined && link.sentBytes !== undefined
          ? `${bytesWords(link.receivedBytes)}, ${bytesWords(link.sentBytes)}`
          : ''}
      </td>
    </tr>
  )
}
