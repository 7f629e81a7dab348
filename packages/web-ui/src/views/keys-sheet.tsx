import { Dialog } from '#parts/dialog.tsx'
import { words } from '#words/words.ts'

export function KeysSheet() {
  return (
    <Dialog title={words.keys.title}>
      <dl class="keys">
        {words.keys.rows.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
