// What a shell needs to complete the words of a command line. Commands and flags are written into the script, so that completing
// them starts no program; names are asked for when they are wanted.

export type WordKind =
  /** Of somebody known; of a profile on this machine; a path. */
  | { readonly kind: 'contact' | 'profile' | 'file' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  /** Only whoever types knows it. */
  | { readonly kind: 'other' }
  | { readonly kind: 'none' }

export interface FlagWords {
  /** With its dashes. */
  readonly long: string
  readonly description: string
  /** What follows it; undefined when nothing does. */
  readonly value?: WordKind
}

export interface CommandWords {
  readonly name: string
  readonly summary: string
  readonly flags: readonly FlagWords[]
  /** Its first argument. */
  readonly first: WordKind
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** Undefined for a shell of which we know nothing. */
export function completionScript(shell: string, commands: readonly CommandWords[]): string | undefined {
  switch (shell) {
    case 'bash':
      return bashScript(commands)
    case 'zsh':
      // zsh runs the one of bash; `emulate` in there makes it count arrays as bash does.
      return `# zsh completion of parley\nautoload -Uz bashcompinit && bashcompinit\n${bashScript(commands)}`
    case 'fish':
      return fishScript(commands)
    default:
      return undefined
  }
}

const OF_THE_PROGRAM = ['--help', '--version']

function bashScript(commands: readonly CommandWords[]): string {
  return `# bash completion of parley
_parley_names() {
  local i
  local -a whose=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --name | --profile) whose=("\${COMP_WORDS[i]}" "\${COMP_WORDS[i+1]}") ;;
    esac
  done
  [[ $1 == profiles ]] && whose=()
  parley completion "$1" "\${whose[@]}" 2>/dev/null
}
_parley() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  local i flags='' taking='' first=other operands=0 word
  COMPREPLY=()
  if ((COMP_CWORD == 1)) && [[ $cur != -* ]]; then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} help' -- "$cur"))
    return
  fi
  [[ $command == -* ]] && command=overview
  case $command in
${commands.map(bashCase).join('\n')}
    help) first='choice ${commands.map(({ name }) => name).join(' ')}' ;;
  esac
  word=$first
  case "$command $prev" in
${bashValues(commands).join('\n')}
    *)
      if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$flags ${OF_THE_PROGRAM.join(' ')}" -- "$cur"))
        return
      fi
      for ((i = 2; i < COMP_CWORD; i++)); do
        if [[ " $taking " == *" \${COMP_WORDS[i]} "* ]]; then ((i++)); elif [[ \${COMP_WORDS[i]} != -* ]]; then ((operands++)); fi
      done
      ((operands > 0)) && return
      ;;
  esac
  case $word in
    contact) COMPREPLY=($(compgen -W "$(_parley_names contacts)" -- "$cur")) ;;
    profile) COMPREPLY=($(compgen -W "$(_parley_names profiles)" -- "$cur")) ;;
    choice*) COMPREPLY=($(compgen -W "\${word#choice }" -- "$cur")) ;;
    file) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")) ;;
  esac
}
complete -F _parley parley`
}

function bashCase({ name, flags, first }: CommandWords): string {
  const all = flags.map(({ long }) => long).join(' ')
  const taking = flags.filter(({ value }) => value !== undefined).map(({ long }) => long)
  return `    ${name}) flags='${all}' taking='${taking.join(' ')}' first='${bashWord(first)}' ;;`
}

function bashValues(commands: readonly CommandWords[]): string[] {
  return commands.flatMap(({ name, flags }) =>
    flags.flatMap(({ long, value }) =>
      value === undefined ? [] : [`    '${name} ${long}') word='${bashWord(value)}' ;;`],
    ),
  )
}

function bashWord(word: WordKind): string {
  return word.kind === 'choice' ? `choice ${word.choices.join(' ')}` : word.kind
}

function fishScript(commands: readonly CommandWords[]): string {
  const lines = [
    '# fish completion of parley',
    'function __parley_names',
    '  set -l words (commandline -opc)',
    '  set -l whose',
    '  for i in (seq 2 (count $words))',
    '    if contains -- $words[$i] --name --profile; and test $argv[1] = contacts',
    '      set whose $words[$i] $words[(math $i + 1)]',
    '    end',
    '  end',
    '  parley completion $argv[1] $whose 2>/dev/null',
    'end',
    'complete -c parley -f',
    ...commands.map(
      ({ name, summary }) => `complete -c parley -n __fish_use_subcommand -a ${name} -d ${fishQuoted(summary)}`,
    ),
    `complete -c parley -n '__fish_seen_subcommand_from help' -a '${commands.map(({ name }) => name).join(' ')}'`,
  ]
  for (const { name, flags, first } of commands) {
    const when = `complete -c parley -n '__fish_seen_subcommand_from ${name}'`
    if (first.kind !== 'none' && first.kind !== 'other') lines.push(`${when} ${fishWord(first)}`)
    for (const { long, description, value } of flags) {
      const what = value === undefined ? '' : ` -r ${fishWord(value)}`
      lines.push(`${when} -l ${long.slice(2)}${what} -d ${fishQuoted(description)}`)
    }
  }
  return lines.join('\n')
}

function fishWord(word: WordKind): string {
  switch (word.kind) {
    case 'contact':
      return `-f -a '(__parley_names contacts)'`
    case 'profile':
      return `-f -a '(__parley_names profiles)'`
    case 'choice':
      return `-f -a '${word.choices.join(' ')}'`
    case 'file':
      return '-F'
    default:
      return '-f'
  }
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`
}
