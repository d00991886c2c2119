const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);

/** Anchors, code, emphasis and links within a line. A link leads to another file of `docs`, which is not served: its words stay. */
const inline = (text: string): string =>
  escaped(text)
    .replace(/&lt;a id=&quot;([\w.]+)&quot;&gt;&lt;\/a&gt;/g, '<a id="$1"></a>')
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\[([^\]]+)\]\([^)\s]+\)/g, '$1')
    .replace(/(^|\s)\*([^*]+)\*/g, '$1<em>$2</em>');

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => inline(cell.trim()));

function table([head = '', , ...rows]: readonly string[]): string {
  const row = (line: string, tag: 'th' | 'td'): string =>
    `<tr>${cellsOf(line)
      .map((cell) => `<${tag}>${cell}</${tag}>`)
      .join('')}</tr>`;
  return `<table><thead>${row(head, 'th')}</thead><tbody>${rows.map((line) => row(line, 'td')).join('\n')}</tbody></table>`;
}

/** A piece of the text between empty lines: a heading with what stands right below it, a table, an example, a paragraph. */
function block(text: string): string {
  const [, hashes, title = '', below = ''] = /^(#{1,3}) (.*)\n?([^]*)$/.exec(text) ?? [];
  if (hashes !== undefined)
    return `<h${hashes.length}>${inline(title)}</h${hashes.length}>${below === '' ? '' : block(below)}`;
  const [, example] = /^```\w*\n([^]*?)\n?```$/.exec(text) ?? [];
  if (example !== undefined) return `<pre tabindex="0"><code>${escaped(example)}</code></pre>`;
  if (text.startsWith('|')) return table(text.split('\n'));
  return `<p>${inline(text)}</p>`;
}

/**
 * The page of all codes, to which the `type` of each problem leads, from docs/errors.md: of Markdown it reads what stands
 * there (headings, paragraphs, tables, examples), and the anchor of a code is the code itself.
 */
export const errorsPage = (markdown: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Errors · Cascade API</title>
<link rel="stylesheet" href="/docs/docs.css">
</head>
<body>
<header class="top">
<h1>Cascade <span>errors</span></h1>
<p><a href="/docs">The API</a></p>
</header>
<main class="errors">
${markdown
  .replace(/^# .*\n/, '')
  .trim()
  .split(/\n{2,}/)
  .map(block)
  .join('\n')}
</main>
</body>
</html>
`;
