import DOMPurify, { type Config } from 'dompurify'
import { markdownToHtml } from './markdown.ts'

const ALLOWED = {
  ALLOWED_TAGS: [
    'p',
    'br',
    'strong',
    'em',
    's',
    'code',
    'pre',
    'ul',
    'ol',
    'li',
    'blockquote',
    'a',
    'hr',
    'span',
    'div',
    'button',
  ],
  ALLOWED_ATTR: ['href', 'target', 'rel', 'class', 'type', 'start', 'tabindex'],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  // The pattern above is for addresses; the values of these are none.
  ADD_URI_SAFE_ATTR: ['target', 'rel', 'type', 'start', 'tabindex'],
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true as const,
} satisfies Config

const MAX_KEPT = 500
const kept = new Map<string, DocumentFragment>()

/** What a text looks like, as elements of its own; nothing in them runs, loads or leads elsewhere than to http, https or mailto. */
export function elementsOf(text: string): DocumentFragment {
  let fragment = kept.get(text)
  if (fragment === undefined) {
    fragment = DOMPurify.sanitize(markdownToHtml(text), ALLOWED)
    if (kept.size >= MAX_KEPT) kept.clear()
    kept.set(text, fragment)
  }
  const copy = fragment.cloneNode(true)
  return copy instanceof DocumentFragment ? copy : new DocumentFragment()
}
