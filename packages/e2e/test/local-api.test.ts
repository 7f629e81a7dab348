import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { API_TOKEN_FILE } from '@parley/shared/local-api/daemon-file.ts'
import { LocalProblem } from '@parley/shared/local-api/problem.ts'
import { WebSocket } from 'ws'
import { PeerProgram } from '#peer-program.ts'
import { onStage } from '#stage.ts'

interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** With exactly these headers, which fetch would not send. */
function ask(url: string, { method = 'GET', headers = {}, body }: Asked): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const asking = request(url, { method, headers, agent: false }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    response.on('error', reject)
  })
  asking.on('error', reject)
  asking.end(body)
  return promise
}

function codeOf(text: string): string {
  return LocalProblem.parse(JSON.parse(text)).code
}

test(
  'the daemon answers only a program of this machine that has read the token',
  onStage(async (stage) => {
    const bob = await PeerProgram.start(stage, { name: 'bob', directory: null })
    const alice = await PeerProgram.start(stage, { name: 'alice', directory: null, flags: ['--peer', bob.address] })
    await alice.program.logged('session open')
    const { api } = alice.ready
    const token = (await readFile(join(alice.profile, API_TOKEN_FILE), 'utf8')).trim()
    const trusted = { authorization: `Bearer ${token}` }
    const wrong = { authorization: `Bearer ${'A'.repeat(token.length)}` }
    const json = { 'content-type': 'application/json' }
    const send = { method: 'POST', body: JSON.stringify({ to: 'bob', text: 'forged' }) }

    const refusals: readonly (readonly [code: string, path: string, asked: Asked])[] = [
      ['unauthorised', '/api/v1/status', {}],
      ['unauthorised', '/api/v1/status', { headers: wrong }],
      ['unauthorised', `/api/v1/status`, { headers: { cookie: `token=${token}` } }],
      ['forbidden-host', '/api/v1/status', { headers: { ...trusted, host: 'attacker.example' } }],
      ['forbidden-host', '/api/v1/status', { headers: { ...trusted, host: `127.0.0.1.attacker.example` } }],
      ['forbidden-origin', '/api/v1/status', { headers: { ...trusted, origin: 'https://attacker.example' } }],
      ['forbidden-origin', '/api/v1/status', { headers: { ...trusted, origin: 'null' } }],
      ['forbidden-origin', '/api/v1/messages', { ...send, headers: { ...json, origin: 'https://attacker.example' } }],
      ['unauthorised', '/api/v1/messages', { ...send, headers: { ...json, ...wrong } }],
      [
        'unsupported-media-type',
        '/api/v1/messages',
        { ...send, headers: { ...trusted, 'content-type': 'text/plain' } },
      ],
      ['unauthorised', '/send', { method: 'POST', body: '{"msg":"forged"}', headers: json }],
    ]
    for (const [code, path, asked] of refusals) {
      const { text } = await ask(`${api}${path}`, asked)
      expect(codeOf(text)).toBe(code)
    }
    expect((await ask(`${api}/api/v1/status`, { headers: trusted })).status).toBe(200)
    const { messages } = await (await alice.api()).history('bob')
    expect(messages).toEqual([])
  }),
)

test(
  'a page of another origin cannot listen, and neither can a program without the token',
  onStage(async (stage) => {
    const alice = await PeerProgram.start(stage, { name: 'alice', directory: null })
    const url = `${alice.ready.api.replace('http', 'ws')}/ws`
    const foreign = new WebSocket(url, { origin: 'https://attacker.example' })
    const status = await new Promise<number | undefined>((resolve, reject) => {
      foreign.on('unexpected-response', (_, response) => resolve(response.statusCode))
      foreign.on('open', () => reject(new Error('a foreign origin was let in')))
      foreign.on('error', () => undefined)
    })
    expect(status).toBe(403)
    foreign.terminate()

    const guessing = new WebSocket(url)
    const heard: string[] = []
    guessing.on('message', (data: Buffer) => heard.push(data.toString()))
    guessing.on('open', () => guessing.send(JSON.stringify({ type: 'authenticate', token: 'A'.repeat(43) })))
    const [reason] = await new Promise<[string]>((resolve) => {
      guessing.on('close', (_, text) => resolve([text.toString()]))
    })
    expect(reason).toBe('unauthorised')
    expect(heard).toEqual([])
    expect(await (await alice.api()).status()).toMatchObject({ name: 'alice' })
  }),
)
