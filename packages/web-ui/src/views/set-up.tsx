import type { SetUpClient } from '@parley/api-client/set-up.ts'
import { MIN_PASSPHRASE_CHARS } from '@parley/shared/limits.ts'
import type { NameCheck } from '@parley/shared/local-api/set-up.ts'
import { useEffect, useState } from 'preact/hooks'
import { Icon } from '#parts/icon.tsx'
import { words } from '#words/words.ts'

const PAUSE_MS = 250

interface SetUpPageProps {
  client: SetUpClient
  /** Of the start. */
  directory: string | undefined
  /** The profile is made, and the daemon starts. */
  onDone: () => void
}

/** The first thing that somebody sees: a name, and a passphrase or none. */
export function SetUpPage({ client, directory: given, onDone }: SetUpPageProps) {
  const [name, setName] = useState('')
  const [directory, setDirectory] = useState(given ?? '')
  const [token, setToken] = useState('')
  const [wantsPassphrase, setWantsPassphrase] = useState(false)
  const [passphrase, setPassphrase] = useState('')
  const [again, setAgain] = useState('')
  const [state, setState] = useState<'asking' | 'making' | 'made'>('asking')
  const [problem, setProblem] = useState<string>()
  const check = useNameCheck(client, name, directory)
  const isNameGood = check !== undefined && check.verdict !== 'taken' && check.verdict !== 'not-a-name'
  const passphraseProblem = wantsPassphrase ? problemOf(passphrase, again) : undefined
  const needsToken = check?.needsToken === true
  const hasToken = !needsToken || token.trim() !== ''
  const isReady = isNameGood && hasToken && state === 'asking' && passphraseProblem === undefined
  const submit = async () => {
    if (!isReady) return
    setState('making')
    setProblem(undefined)
    try {
      await client.create({
        name: name.trim(),
        ...(wantsPassphrase && { passphrase }),
        ...(directory.trim() !== '' && { directory: directory.trim() }),
        ...(needsToken && { registrationToken: token.trim() }),
      })
      setState('made')
      onDone()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
      setState('asking')
    }
  }
  const w = words.setUp
  return (
    <main class="set-up">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <h1>{w.title}</h1>
        <p class="secondary">{w.text}</p>
        <label for="set-up-name">{w.name}</label>
        <input
          id="set-up-name"
          class="field"
          type="text"
          value={name}
          maxLength={32}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          autofocus
          aria-describedby="set-up-verdict"
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
        <Verdict name={name} check={check} />
        <label for="set-up-directory">{w.directory}</label>
        <input
          id="set-up-directory"
          class="field"
          type="url"
          value={directory}
          placeholder="https://directory.example"
          aria-describedby="set-up-directory-about"
          onInput={({ currentTarget }) => setDirectory(currentTarget.value)}
        />
        <p id="set-up-directory-about" class="secondary">
          {w.directoryAbout}
        </p>
        {needsToken && (
          <>
            <Secret label={w.token} value={token} onInput={setToken} />
            <p class="secondary">{w.tokenAbout}</p>
          </>
        )}
        <fieldset>
          <legend>{w.passphrase}</legend>
          <label class="choice">
            <input
              type="radio"
              name="passphrase"
              checked={!wantsPassphrase}
              onChange={() => setWantsPassphrase(false)}
            />
            <span>
              {w.without}
              <span class="secondary">{w.withoutAbout}</span>
            </span>
          </label>
          <label class="choice">
            <input type="radio" name="passphrase" checked={wantsPassphrase} onChange={() => setWantsPassphrase(true)} />
            <span>
              {w.with}
              <span class="secondary">{w.withAbout}</span>
            </span>
          </label>
          {wantsPassphrase && (
            <>
              <Secret label={w.passphraseField} value={passphrase} onInput={setPassphrase} />
              <Secret label={w.again} value={again} onInput={setAgain} />
              <p class="secondary" role="status">
                {passphrase !== '' && passphraseProblem}
              </p>
            </>
          )}
        </fieldset>
        {problem !== undefined && (
          <p class="warn" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="button button-main" disabled={!isReady}>
          {state === 'asking' ? w.begin : w.starting}
        </button>
      </form>
    </main>
  )
}

function Secret({ label, value, onInput }: { label: string; value: string; onInput: (value: string) => void }) {
  return (
    <label class="secret">
      {label}
      <input
        class="field"
        type="password"
        value={value}
        autocomplete="new-password"
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
    </label>
  )
}

function Verdict({ name, check }: { name: string; check: NameCheck | undefined }) {
  const verdict = name.trim() === '' ? undefined : check?.verdict
  const isGood = verdict === 'free' || verdict === 'no-directory'
  return (
    <p id="set-up-verdict" class={`verdict ${isGood ? 'ok' : verdict === undefined ? 'muted' : 'warn'}`} role="status">
      {verdict !== undefined && <Icon name={isGood ? 'check' : 'warn'} size={16} />}
      {verdict === undefined
        ? name.trim() === ''
          ? words.setUp.nameAbout
          : words.setUp.checking
        : words.setUp.verdicts[verdict](check?.name ?? '')}
    </p>
  )
}

function problemOf(passphrase: string, again: string): string | undefined {
  if (passphrase.length < MIN_PASSPHRASE_CHARS) return words.setUp.tooShort(MIN_PASSPHRASE_CHARS)
  return passphrase === again ? undefined : words.setUp.notTheSame
}

/** What the directory says of it, when the typing pauses; undefined until then. */
function useNameCheck(client: SetUpClient, typed: string, directory: string): NameCheck | undefined {
  const [answer, setAnswer] = useState<{ readonly key: string; readonly check: NameCheck }>()
  const name = typed.trim()
  const key = `${name} ${directory}`
  useEffect(() => {
    if (name === '') return
    const asking = new AbortController()
    const { signal } = asking
    const url = URL.canParse(directory) ? directory : undefined
    const timer = setTimeout(() => {
      client.checkName(name, url, { signal }).then(
        (check) => setAnswer({ key, check }),
        (error: unknown) => {
          if (!signal.aborted) setAnswer({ key, check: { verdict: 'unknown', detail: String(error) } })
        },
      )
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      asking.abort()
    }
  }, [client, key, name, directory])
  return answer?.key === key ? answer.check : undefined
}
