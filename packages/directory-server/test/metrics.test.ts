import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, expect, test } from 'vitest'
import { PresenceClient } from './support/presence-client.ts'
import { TestDirectory } from './support/test-directory.ts'

/** The value of every line, by name and labels as they are written. */
async function metricsOf(url: string): Promise<Map<string, number>> {
  const response = await fetch(`${url}/metrics`)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

const REQUESTS = 'parley_directory_http_requests_total'
const DURATION = 'parley_directory_http_request_duration_seconds'

describe('the metrics', () => {
  test('count requests by route and status, whatever names were asked for', async () => {
    await using directory = await TestDirectory.start()
    await directory.register('alice')
    await directory.get('/v1/users/alice')
    for (const name of ['bob', 'carol', 'dave']) await directory.get(`/v1/users/${name}`)
    await directory.get('/somewhere/else')
    await fetch(directory.url, { method: 'PROPFIND' })
    const metrics = await metricsOf(directory.url)

    const of = (method: string, route: string, code: number) =>
      metrics.get(`${REQUESTS}{method="${method}",route="${route}",code="${code}"}`)
    expect(of('PUT', '/v1/users/:name', 201)).toBe(1)
    expect(of('GET', '/v1/users/:name', 200)).toBe(1)
    expect(of('GET', '/v1/users/:name', 404)).toBe(3)
    expect(of('GET', 'none', 404)).toBe(1)
    expect(of('other', 'none', 404)).toBe(1)
    expect([...metrics.keys()].join()).not.toMatch(/alice|carol|PROPFIND/)
  })

  test('have a histogram of durations that adds up', async () => {
    await using directory = await TestDirectory.start()
    for (let n = 0; n < 5; n += 1) await directory.get('/v1')
    const metrics = await metricsOf(directory.url)
    const labels = 'method="GET",route="/v1"'

    expect(metrics.get(`${DURATION}_count{${labels}}`)).toBe(5)
    expect(metrics.get(`${DURATION}_bucket{${labels},le="+Inf"}`)).toBe(5)
    expect(metrics.get(`${DURATION}_sum{${labels}}`)).toBeGreaterThan(0)
    const buckets = [...metrics].filter(([key]) => key.startsWith(`${DURATION}_bucket{${labels}`)).map(([, n]) => n)
    expect(buckets).toHaveLength(13)
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b))
  })

  test('tell who is here, what is kept and what was refused', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await directory.register('bob')
    await using client = await PresenceClient.enter(directory.url, alice)
    client.send({ type: 'watch', names: ['bob', 'nobody'].map((name) => directory.person(name).name) })
    await client.next('presence')
    await using unknown = await PresenceClient.open(directory.url)
    await unknown.next('challenge')
    await directory.put('/v1/users/alice', 'not an object')

    const metrics = await metricsOf(directory.url)
    expect(Object.fromEntries(metrics)).toMatchObject({
      parley_directory_names: 2,
      parley_directory_online_accounts: 1,
      parley_directory_watched_names: 2,
      parley_directory_commit_queue_writes: 0,
      parley_directory_search_queue: 0,
      'parley_directory_presence_sockets{state="present"}': 1,
      'parley_directory_presence_sockets{state="unauthenticated"}': 1,
      'parley_directory_drops_total{reason="bad-body"}': 1,
      'parley_directory_drops_total{reason="slow-reader"}': 0,
    })
    expect(metrics.get('parley_directory_wal_bytes')).toBeGreaterThan(0)
    expect(metrics.get('process_resident_memory_bytes')).toBeGreaterThan(1e6)
    expect(metrics.get('process_cpu_seconds_total')).toBeGreaterThan(0)
    expect([...metrics.keys()].find((key) => key.startsWith('parley_directory_info{'))).toContain('version="0.0.0"')
    await unknown.close()
  })

  test('count a request whose client left as aborted', async () => {
    await using directory = await TestDirectory.start()
    const { hostname, port } = new URL(directory.url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    socket.write(
      'PUT /v1/users/alice HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    )
    await directory.get('/healthz')
    socket.destroy()

    const key = `${REQUESTS}{method="PUT",route="/v1/users/:name",code="aborted"}`
    while (!(await metricsOf(directory.url)).has(key)) await new Promise(setImmediate)
  })

  test('are for this machine only, and not for what a proxy brings', async () => {
    await using directory = await TestDirectory.start({ host: '0.0.0.0', insecureHttp: true })
    const { port } = new URL(directory.url)
    const here = `http://127.0.0.1:${port}/metrics`
    expect((await fetch(here)).status).toBe(200)
    for (const headers of [{ 'x-forwarded-for': '127.0.0.1' }, { forwarded: 'for=127.0.0.1' }]) {
      expect((await fetch(here, { headers })).status).toBe(404)
    }
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)
    // A machine without a network has no other address to come from.
    if (outside !== undefined) {
      expect((await fetch(`http://${outside.address}:${port}/metrics`)).status).toBe(404)
      await directory.restart({ metrics: 'on' })
      expect((await fetch(`http://${outside.address}:${new URL(directory.url).port}/metrics`)).status).toBe(200)
    }
    await directory.restart({ metrics: 'off' })
    expect((await fetch(`http://127.0.0.1:${new URL(directory.url).port}/metrics`)).status).toBe(404)
  })
})
