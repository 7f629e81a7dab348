/** What the sheet says: keys, and what they do; so short that all of it is seen on a small screen. */
export const KEY_ROWS = [
  ['Enter', 'send'],
  ['Alt-Enter Ctrl-J', 'a new line'],
  ['Ctrl-K', 'find somebody; nickname, block'],
  ['Alt-Up Alt-Down', 'other conversations; Ctrl-P Ctrl-N'],
  ['PgUp PgDn End', 'older, newer, newest messages'],
  ['Tab', 'to the messages, the list, the box'],
  ['r +', 'answer the chosen one, react to it'],
  ['w e c', 'tell why, edit, cancel'],
  ['d h', 'delete it for both, hide it here'],
  ['Up', 'in an empty box: edit your last one'],
  ['Ctrl-F', 'search here; Tab: everywhere'],
  ['Ctrl-T', 'safety number, and a changed key'],
  ['Esc', 'close what is on top; drafts stay'],
  ['Ctrl-L', 'draw the screen anew'],
  ['Ctrl-C', 'quit; your peer goes on running'],
  ['?', 'this sheet; twice writes one'],
] as const
