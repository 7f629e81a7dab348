import { words } from '#words/words.ts'

/** For a page that was opened without a link, or with one that is no good any more. */
export function SignInPage({ why }: { why: 'no-token' | 'expired' | 'failed' | 'refused' }) {
  const { title, text, command, inCheckout, expired, refused, failed } = words.signIn
  const said = { 'no-token': text, expired, refused, failed }[why]
  return (
    <main class="sign-in">
      <h1>{title}</h1>
      <p role={why === 'no-token' ? undefined : 'alert'}>{said}</p>
      <pre>
        <code>{command}</code>
      </pre>
      <p class="secondary">{inCheckout}</p>
    </main>
  )
}
