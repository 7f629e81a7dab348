import { MAX_DEADLINE_MS } from '@parley/shared/limits.ts'
import { type MessageView, PriorityName } from '@parley/shared/local-api/messages.ts'
import { parseSpan, span } from '@parley/shared/terminal/times.ts'
import { InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { type Cli, ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { CliError, EXIT, type ExitCode } from '../exit.ts'
import { Post } from '../letter.ts'
import { stateWords } from '../message-words.ts'
import { readMessage } from '../read-text.ts'
import { sendLines } from '../send-lines.ts'
import { stopSignals } from '../signals.ts'

const USUAL_TIMEOUT_MS = 60_000

export const sendCommand = defineCommand({
  syntax: 'send <name> [text...]',
  group: 'Messages:',
  summary: 'write to somebody',
  details:
    'NAME is a name, name@directory or an account id. Without TEXT the standard input is the message, as one. ' +
    'Once it is queued it is on the disk and goes out by itself, whenever they are online. ' +
    'With --lines the input is read as fast as messages are taken; at the end, and at Ctrl-C, it says how many were. ' +
    'It then ends with the first of these that fits: 65 some were refused, 77 some wait for you because a key changed, ' +
    '76 some were taken back or expired, 75 some are still on the way, 0.',
  examples: [
    ['parley send bob hello', 'ends when the message is queued'],
    ['parley send bob hello --wait delivered', 'ends when a device of bob holds it'],
    ['git log -1 | parley send bob', 'the whole input as one message'],
    ['tail -f log | parley send bob --lines', 'each line as a message, as it comes'],
    ['parley send bob lunch? --deadline 20m', 'not sent any more after that'],
    ['parley send bob --reply-to xK3v0bQyS9uYw0o1m2n3pA yes', 'an answer to that message'],
    ['parley send bob -- --help', 'a text that begins with a dash'],
  ],
  options: [
    ...profileOptions(),
    new Option('--wait <state>', 'end only when the message is in this state').choices(['sent', 'delivered']),
    new Option('--timeout <time>', 'how long to wait, for instance 90s, 2m or 1h')
      .default(USUAL_TIMEOUT_MS, '60s')
      .argParser(timeout),
    new Option('--lines', 'each line of the input is a message').default(false),
    new Option('--deadline <time>', 'do not send it any more after this, for instance 10m, 2h or 7d').argParser(
      lifetime,
    ),
    new Option('--priority <class>', 'which goes first when several wait for the same device')
      .choices(PriorityName.options)
      .default('normal'),
    new Option('--reply-to <id>', 'the message that this one answers').argParser(String),
    jsonOption('print the message as JSON, a line for each state'),
  ],
  args: z.tuple([NameArgument, z.array(z.string())]),
  flags: ClientFlags.extend({
    wait: z.enum(['sent', 'delivered']).optional(),
    timeout: z.int(),
    deadline: z.int().optional(),
    priority: PriorityName,
    lines: z.boolean(),
    replyTo: z.string().optional(),
  }),
  run: async (
    cli,
    [to, words],
    { json, wait, timeout: timeoutMs, deadline: lifetimeMs, priority, lines, replyTo, ...choice },
  ) => {
    if (lines) {
      if (words.length > 0) throw new CliError(EXIT.usage, 'text-and-lines', '--lines reads the input: give no text')
      if (replyTo !== undefined)
        throw new CliError(EXIT.usage, 'lines-and-reply', 'a reply is one message: leave --lines out')
      using stopping = stopSignals()
      const { signal } = stopping
      const post = new Post(cli, choice, await clientOf(cli, choice))
      return await sendLines(cli, post, { letter: { to, priority }, lifetimeMs, wait, timeoutMs, json, signal })
    }
    const until = cli.now() + timeoutMs
    const text = await readMessage(cli, words)
    const post = new Post(cli, choice, await clientOf(cli, choice))
    const deadline = lifetimeMs === undefined ? undefined : cli.now() + lifetimeMs
    const queued = await post.queue({ to, text, priority, deadline, replyTo }, { until })
    show(cli, queued, json)
    if (wait === undefined) return EXIT.done
    if (cli.terminal.isInteractive && !json) {
      cli.terminal.note(`Waiting up to ${span(timeoutMs)}. Ctrl-C ends the wait, not the message.`)
    }
    const message = await post.waitFor(queued.id, wait, { until })
    if (message.state !== queued.state || json) show(cli, message, json)
    return outcomeOf(message, wait, timeoutMs)
  },
})

function timeout(text: string): number {
  const ms = parseSpan(text)
  if (ms !== undefined) return ms
  throw new InvalidArgumentError('Write a time up to a day, like 90s, 2m or 1h.')
}

function lifetime(text: string): number {
  const ms = parseSpan(text, MAX_DEADLINE_MS)
  if (ms !== undefined && ms > 0) return ms
  throw new InvalidArgumentError('Write a time up to a year, like 10m, 2h or 7d.')
}

function show({ terminal }: Cli, message: MessageView, json: boolean): void {
  if (json) {
    terminal.json(message)
    return
  }
  const words = stateWords(terminal, message)
  if (words !== undefined) terminal.line(`${terminal.paint(words.text, words.style)} ${message.id}`)
  if (message.hold === 'blocked-key-change') {
    terminal.note(
      `The key of ${message.with} changed, and the message waits. parley accept-key ${message.with} tells more.`,
    )
  }
}

/** How the wait ended. Throws CliError unless it ended well. */
function outcomeOf(message: MessageView, wanted: 'sent' | 'delivered', timeoutMs: number): ExitCode {
  const { state, hold, reason, with: who } = message
  switch (state) {
    case 'delivered':
    case 'read':
      return EXIT.done
    case 'cancelled':
      throw new CliError(EXIT.ended, 'cancelled', 'the message was taken back before it left')
    case 'expired':
      throw new CliError(
        EXIT.ended,
        'expired',
        `its time was over before it could reach ${who}. Send it again if it still matters`,
      )
    case 'refused': {
      const why = reason === undefined ? '' : ` (${reason})`
      throw new CliError(
        EXIT.refused,
        'refused',
        `the device of ${who} refused the message${why}. It is not sent again`,
      )
    }
    case 'sent':
      if (wanted === 'sent') return EXIT.done
      throw new CliError(
        EXIT.stillQueued,
        'not-confirmed',
        `sent, and not confirmed after ${span(timeoutMs)}. The message is safe here and is sent again, once, if ${who} did not get it`,
      )
    case 'queued':
    case undefined:
      if (hold === 'blocked-key-change') {
        throw new CliError(
          EXIT.keyChanged,
          'key-changed',
          `the key of ${who} changed. Nothing was sent to the new key, and the message waits here. ` +
            `Ask ${who} over another way whether the key is new; parley accept-key ${who} tells more`,
        )
      }
      throw new CliError(
        EXIT.stillQueued,
        'still-queued',
        `still queued after ${span(timeoutMs)}. The message is safe here and goes out when ${who} is back; parley why ${message.id} tells more`,
      )
  }
}
