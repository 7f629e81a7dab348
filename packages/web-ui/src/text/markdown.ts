// Markdown as people type it into messages. No HTML comes through: it is shown as it was typed. What this makes is sanitised
// once more before it becomes elements.
import MarkdownIt from 'markdown-it'
import { words } from '#words/words.ts'

const SCHEMES = /^(?:https?|mailto):/i

const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true, typographer: false })
// Pictures would ask strangers for them; tables and titles have no place in a bubble.
markdown.disable(['image', 'table', 'heading', 'lheading', 'reference', 'html_block', 'html_inline'])
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false })
markdown.validateLink = (url) => SCHEMES.test(url.trim())

markdown.renderer.rules['link_open'] = (tokens, index) =>
  `<a href="${escapeHtml(hrefOf(tokens[index]))}" target="_blank" rel="noopener noreferrer nofollow">`
markdown.renderer.rules['link_close'] = (tokens, index) => {
  // Links hold no links, so the last one that was opened is the one that ends here.
  let opened = index - 1
  while (opened > 0 && tokens[opened]?.type !== 'link_open') opened -= 1
  const shown = tokens
    .slice(opened + 1, index)
    .map(({ content }) => content)
    .join('')
  const host = hostOf(hrefOf(tokens[opened]), shown)
  return host === '' ? '</a>' : `</a> <span class="host">${escapeHtml(host)}</span>`
}
markdown.renderer.rules['fence'] = (tokens, index) => codeBlock(tokens[index]?.content ?? '')
markdown.renderer.rules['code_block'] = (tokens, index) => codeBlock(tokens[index]?.content ?? '')

/** HTML, to be sanitised. */
export function markdownToHtml(text: string): string {
  return markdown.render(text, {})
}

/** As one line without marks, for a list. */
export function plainLine(text: string): string {
  return (
    text
      .replace(/```[^\n]*\n?/g, ' ')
      .replace(/[*_`~>#]+/g, '')
      // Without the signs that would begin it anew: each is looked at once, however many a text has.
      .replace(/\[([^[\]]*)\]\([^()]*\)/g, '$1')
      .replace(/\s+/g, ' ')
      .trim()
  )
}

/** Where a link really leads, unless its text says so already. Names in other scripts are shown as they are sent. */
function hostOf(href: string, shown: string): string {
  try {
    const url = new URL(href)
    if (url.protocol === 'mailto:') return shown === href || shown === url.pathname ? '' : url.pathname
    // What stands before an @ is no part of where it leads, and may look like all of it.
    const isPlain = url.username === '' && url.password === '' && !url.host.includes('xn--')
    return isPlain && shown.replace(/\/$/, '') === href.replace(/\/$/, '') ? '' : url.host
  } catch {
    return ''
  }
}

function hrefOf(token: { attrGet: (name: string) => string | number | null } | undefined): string {
  return String(token?.attrGet('href') ?? '')
}

function codeBlock(content: string): string {
  const button = `<button type="button" class="copy-code">${escapeHtml(words.message.copyCode)}</button>`
  return `<div class="code">${button}<pre tabindex="0"><code>${escapeHtml(content)}</code></pre></div>`
}

function escapeHtml(text: string): string {
  return markdown.utils.escapeHtml(text)
}
