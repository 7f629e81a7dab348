/** Of the page that makes a profile. */
export const setUpWords = {
  title: 'Choose a name',
  text: 'Parley makes your keys on this machine, and nobody else has them. You are found by a name.',
  name: 'Name',
  nameAbout: '1 to 32 of a to z, 0 to 9 and . _ - in between.',
  checking: 'Asking the directory',
  verdicts: {
    free: (name: string) => `${name} is free.`,
    taken: (name: string) => `${name} is taken. Choose another.`,
    'not-a-name': () => 'A name has 1 to 32 of a to z, 0 to 9 and . _ - and begins and ends with a letter or digit.',
    unknown: (name: string) =>
      `The directory does not answer now. ${name || 'The name'} is registered as soon as it does, if it is free then.`,
    'no-directory': (name: string) => `You are ${name}. Without a directory others reach you by your address.`,
  },
  directory: 'Directory',
  directoryAbout: 'The server that introduces people to each other. It never sees what you write. May be left empty.',
  passphrase: 'Passphrase',
  without: 'None',
  withoutAbout: 'Your peer starts by itself. Whoever gets at this disk can read what is on it.',
  with: 'With a passphrase',
  withAbout: 'What is on the disk is encrypted. You type it at every start, and nobody can recover it.',
  passphraseField: 'Passphrase',
  again: 'The same again',
  tooShort: (least: number) => `At least ${least} characters; four or five random words are good.`,
  notTheSame: 'The two are not the same yet.',
  begin: 'Begin',
  starting: 'Your peer starts',
} as const
