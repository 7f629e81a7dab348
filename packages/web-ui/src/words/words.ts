// Every word that the app shows. Sentences say what happened, what is safe and what to do.
import type { MessageState } from '@parley/shared/local-api/messages.ts'
import { setUpWords } from './set-up-words.ts'

export const words = {
  app: 'Parley',
  skipToComposer: 'Skip to the message box',

  signIn: {
    title: 'Open Parley from your terminal',
    text: 'This page belongs to the peer on this machine, and only its owner may use it. This command opens it signed in:',
    command: 'parley open',
    inCheckout: 'In a checkout: npx -y pnpm@12 parley open',
    expired: 'That link was used already or is too old. A new one:',
    refused: 'The daemon does not take the key of this page any more. Open it again:',
    failed: 'The daemon did not answer when this page wanted to sign in.',
  },

  setUp: setUpWords,

  line: {
    lost: 'Your peer does not answer. What you type stays here; this page goes on by itself when it is back.',
    start: 'If it was stopped: parley start',
    back: 'Connected to your peer again.',
  },

  sidebar: {
    label: 'Conversations',
    search: 'Search or find people',
    clear: 'Clear the search',
    conversations: 'Conversations',
    people: 'In the directory',
    messages: 'Messages',
    moreMessages: 'More messages',
    within: (name: string) => `With ${name}`,
    everywhere: 'Search everywhere',
    settings: 'Settings',
    noMessageFound: (query: string) => `No message holds all of “${query}”.`,
    unindexed: (count: number) => `${many(count, 'older message')} ${count === 1 ? 'is' : 'are'} still being read in.`,
    searching: 'Asking the directory',
    nobody: (query: string) =>
      `Nobody is called “${query}”, and no message holds it. Names are looked up from their beginning.`,
    noDirectory:
      'This peer uses no directory, so only people you know are found. Connect to others with parley connect HOST:PORT.',
    empty: 'Nobody yet. Type a name above, for instance that of a friend who runs Parley, and write.',
    noMessages: 'No messages yet',
    you: 'You: ',
    deleted: 'Message deleted',
    unread: (count: number) => `${many(count, 'unread message')}`,
    waiting: (count: number) => `${many(count, 'message')} waiting`,
    draft: 'Draft: ',
    writing: 'is writing',
    network: 'Network',
    resize: 'Width of the list',
  },

  presence: { online: 'Online', offline: 'Offline', unknown: 'Not known to be online', connected: 'Connected' },

  conversation: {
    none: 'Choose a conversation',
    noneText: 'Or press Ctrl K and type a name.',
    welcome: (name: string) => `Welcome, ${name}`,
    welcomeText:
      'Messages go from this machine straight to theirs, sealed for them alone. Find somebody by name in the list on the left, and write: what you send waits here until they are online.',
    welcomeName: (name: string) => `Others find you as ${name}.`,
    welcomeUnknown: (why: string) => `Nobody finds you by name yet: ${why}.`,
    empty: (name: string) =>
      `This is the beginning. What you write to ${name} is sealed on this machine, and only theirs can open it.`,
    back: 'Back to the list',
    details: 'Details',
    messages: (name: string) => `Messages with ${name}`,
    unreadLine: 'New',
    writing: (name: string) => `${name} is writing`,
    toNewest: 'To the newest message',
    offline: (name: string, waiting: number) =>
      waiting === 0
        ? `${name} is offline. What you write waits here and goes out when they are back.`
        : `${name} is offline. ${many(waiting, 'message')} ${waiting === 1 ? 'waits' : 'wait'} and ${waiting === 1 ? 'goes' : 'go'} out when they are back.`,
    keyChanged: (name: string) =>
      `${name}’s key changed. Nothing was sent to the new key. Compare safety numbers, then choose.`,
    keyChangedButton: 'Compare',
    rotated: (name: string) => `${name} has a new key, signed by the one you compared. Compare again when you can.`,
    blocked: (name: string) => `${name} is blocked: nothing comes from there, and nothing you write goes there.`,
    selfNamed: 'This name is what the peer calls itself; no directory vouches for it.',
  },

  message: {
    you: 'You',
    edited: 'edited',
    deleted: 'Deleted',
    gaveUp: 'Given up before it was sent',
    unknown: 'A newer version of Parley wrote this; this one cannot show it.',
    more: 'Show all',
    less: 'Show less',
    copy: 'Copy text',
    copied: 'Copied',
    copyCode: 'Copy',
    edit: 'Edit',
    answer: 'Answer',
    react: 'React',
    anyEmoji: 'Any emoji',
    takeBack: 'Take it back',
    noEmoji: 'A reaction is one emoji.',
    reactions: 'Reactions',
    reaction: (emoji: string, who: string) => `${emoji} ${who}`,
    answerTo: (who: string) => `Go to what this answers, by ${who}`,
    notArrived: 'A message that has not arrived',
    nothingLeft: 'Deleted',
    remove: 'Delete',
    hide: 'Delete for me',
    cancel: 'Cancel sending',
    state: (word: string) => `${word}. Show why`,
  },

  states: {
    queued: 'Queued',
    sent: 'Sent',
    delivered: 'Delivered',
    read: 'Read',
    cancelled: 'Cancelled',
    expired: 'Expired',
    refused: 'Refused',
    'on-hold': 'On hold',
  } satisfies Record<MessageState | 'on-hold', string>,

  composer: {
    label: (name: string) => `Message to ${name}`,
    placeholder: (name: string) => `Message ${name}`,
    send: 'Send',
    save: 'Save the change',
    editing: 'Editing',
    stopEditing: 'Keep it as it was',
    answering: (who: string) => `Answer to ${who}`,
    answeringMyself: 'Answer to your own message',
    stopAnswering: 'No answer after all',
    hint: 'Enter sends, Shift Enter breaks the line',
    tooLong: (kib: number) => `A message holds at most ${kib} KiB of text: this one is longer.`,
  },

  why: {
    title: 'Where this message is',
    next: 'Next',
    tried: 'What was tried, the newest first',
    nothing: 'Nothing was tried yet.',
    ok: 'done',
    times: (count: number) => `${count} times`,
    attempts: {
      'look-up': 'Looked up in the directory',
      dial: 'Dialled',
      seal: 'Sealed',
      write: 'Written',
      answer: 'Answered',
    },
  },

  details: {
    label: (name: string) => `About ${name}`,
    verified: 'Verified',
    notVerified: 'Not compared yet',
    rotated: 'New key since you compared',
    safetyNumber: 'Safety number',
    safetyText: (name: string) =>
      `As long as ${name} sees the same digits, nobody stands between you. Compare them face to face or on the phone.`,
    qr: 'The same as a code for a camera',
    confirm: 'They are the same',
    forget: 'Forget that I compared',
    connections: 'Devices',
    noDevice: 'No device is known yet: it is looked up when you write.',
    account: 'Account',
    nickname: 'Nickname',
    setNickname: 'Give a nickname',
    changeNickname: 'Change the nickname',
    nicknameHint: 'Only you see it. Enter keeps it, Esc leaves all as it was, empty takes it away.',
    publicName: (name: string) => `Others know them as ${name}`,
    blocking: 'Blocking',
    blocked: 'Blocked',
    block: (name: string) => `Block ${name}`,
    unblock: (name: string) => `Unblock ${name}`,
    blockText: (name: string) =>
      `Nothing from ${name} is taken and nothing goes there until you unblock them; what was said stays, and what waits keeps waiting.`,
    blockedText: 'Nothing is taken from there and nothing goes there. What waits goes out when you unblock them.',
    keepUnblocked: 'Do not block',
    keyChange: 'Another key is offered',
    keyChangeText: (name: string, kind: string, waiting: number) =>
      `${kind === 'other-account' ? `The name ${name} is another account’s now.` : 'The account shows a key that nothing known signed for.'} ${
        waiting === 0 ? 'Nothing waits.' : `${many(waiting, 'message')} ${waiting === 1 ? 'is' : 'are'} held.`
      } Compare this new number with ${name} before you accept it.`,
    accept: 'Accept the new key',
    refuse: 'Keep the known key',
    accepted: (sent: number) =>
      `The new key is in force. ${many(sent, 'held message')} ${sent === 1 ? 'goes' : 'go'} out.`,
    refused: (sent: number) =>
      `The known key stays. ${many(sent, 'held message')} ${sent === 1 ? 'goes' : 'go'} to it.`,
  },

  network: {
    title: 'Network',
    me: 'This peer',
    listening: 'Reached at',
    running: 'Running for',
    version: 'Version',
    directory: 'Directory',
    directoryNone: 'None: others reach you by address.',
    directoryConnecting: 'Connecting',
    directoryAway: 'Not reached',
    directoryOnline: (since: string) => `Online since ${since}`,
    directoryWaiting: (why: string, next: string) =>
      `Not reached (${why}). Next try in ${next}. People you know are still reached.`,
    peers: 'Connections',
    noPeers: 'You know nobody yet. Whoever you write to is listed here, and how you reach them.',
    name: 'Name',
    link: 'Link',
    address: 'Address',
    since: 'Since',
    roundTrip: 'Round trip',
    connected: (path: string) => `Connected, ${path}`,
    connecting: 'Connecting',
    waiting: (next: string) => `Next try in ${next}`,
    idle: 'Not connected',
    keyChanged: 'Key changed: nothing is sent',
    traffic: 'Traffic',
    trafficSaid: (received: string, sent: string, minutes: number) =>
      `In the last ${many(minutes, 'minute')}: ${received} received (above), ${sent} sent (below).`,
    trafficPeak: (rate: string) => `Full height is ${rate}/s.`,
    trafficTotal: (received: string, sent: string) => `Since the start: ${received} received, ${sent} sent.`,
    data: 'Received, sent',
    outbox: 'Outbox',
    outboxEmpty: 'Nothing waits. Everything you sent has arrived.',
    outboxOf: (name: string, count: number) => `${many(count, 'message')} to ${name}`,
    ms: (ms: number) => `${Math.max(1, Math.round(ms))} ms`,
  },

  palette: {
    label: 'Go to',
    placeholder: 'A name, a message, or what to do',
    none: 'Nothing is called so, and no message holds it.',
    searching: 'Searching',
    network: 'Network: who is connected, and how',
    settings: 'Settings',
    keys: 'Keyboard',
    hint: 'Up and down choose, Enter opens, Esc closes',
  },

  settings: {
    title: 'Settings',
    notify: {
      label: 'Notifications',
      about: 'When somebody writes while you look elsewhere. In this browser only.',
      denied: 'This browser is told not to show any for this page. Its own settings change that.',
      unsupported: 'This browser has none.',
    },
    typing: {
      label: 'Show that I am writing',
      about: 'Contacts that are connected see it, and you see it of them. Both or neither.',
    },
    readReceipts: {
      label: 'Read receipts',
      about: 'Contacts learn how far you have read, and you see how far they have. Both or neither.',
    },
    blocked: {
      title: 'Blocked people',
      none: 'Nobody is blocked. The details beside a conversation have a button for it.',
      unblock: 'Unblock',
    },
  },

  keys: {
    title: 'Keyboard',
    rows: [
      ['Ctrl K', 'Go to a person or a page'],
      ['Alt ↑ ↓', 'Previous, next conversation'],
      ['Ctrl F', 'Search in this conversation'],
      ['Ctrl Shift F', 'Search everywhere'],
      ['Enter', 'Send'],
      ['Shift Enter', 'A new line'],
      ['↑', 'In an empty box: edit your last message'],
      ['Esc', 'Close what is on top; drafts stay'],
      ['?', 'This sheet'],
    ],
  },

  again: 'Try again',
  close: 'Close',
  problem: (code: string) => `code ${code}`,
  arrived: (name: string, text: string) => `${name}: ${text}`,

  times: {
    now: 'now',
    today: 'Today',
    yesterday: 'Yesterday',
    seconds: (n: number) => `${n} s`,
    minutes: (n: number) => `${n} min`,
    hours: (n: number) => `${n} h`,
    days: (n: number) => many(n, 'day'),
  },
} as const

export function many(count: number, one: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : `${one}s`}`
}
