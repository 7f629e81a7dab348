// One set of line icons on a grid of 20, strokes of 1.5. An icon never stands for a word alone: whoever shows one names it.

const PATHS = {
  search: 'M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Zm4 9.5 3.5 3.5',
  close: 'm5.5 5.5 9 9m0-9-9 9',
  back: 'M12 4.5 6.5 10l5.5 5.5',
  info: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm0 6.2v4.3m0-6.9v.1',
  send: 'M10 16V4.5m0 0L5 9.5m5-5 5 5',
  check: 'm4.5 10.5 3.5 3.5 7.5-8',
  copy: 'M7.5 7.5v-3h8v8h-3m-8-5h8v8h-8v-8Z',
  edit: 'm4 16 .8-3.4 8.6-8.6 2.6 2.6-8.6 8.6L4 16Zm7.6-10.2 2.6 2.6',
  answer: 'M8 5 3.5 9.5 8 14M4 9.5h7.5a5 5 0 0 1 5 5v1',
  react: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM7 11.8c.7 1 1.8 1.7 3 1.7s2.3-.7 3-1.7M7.7 8v.1m4.6-.1v.1',
  plus: 'M10 4.5v11M4.5 10h11',
  trash: 'M4.5 6h11M8 6V4.2h4V6m-6 0 .6 9.8h6.8L14 6M8.7 9v4m2.6-4v4',
  stop: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM5.2 5.2l9.6 9.6',
  down: 'M10 4v12m0 0-4.5-4.5M10 16l4.5-4.5',
  network:
    'M10 3.2a2 2 0 1 0 0 4 2 2 0 0 0 0-4ZM4.8 12.8a2 2 0 1 0 0 4 2 2 0 0 0 0-4Zm10.4 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4ZM9 7l-3.2 6M11 7l3.2 6M6.8 14.8h6.4',
  settings:
    'M3.5 6h7m5 0h1m-13 8h1m5 0h7M13 3.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4ZM7 11.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4Z',
  warn: 'M10 3.5 2.8 16h14.4L10 3.5Zm0 4.8v3.6m0 2v.1',
  shield: 'M10 2.8 4 5v4.6c0 3.6 2.4 6.3 6 7.6 3.6-1.3 6-4 6-7.6V5l-6-2.2Zm-2.8 7 2 2.2 3.8-4',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}
