/** A fenced block of a page: what stands behind its fence, and its lines. */
export type Block = { readonly info: string; readonly lines: readonly string[] };

/** The fenced blocks of a page in their order. */
export const blocksIn = (page: string): Block[] =>
  [...page.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(([, info = '', text = '']) => ({
    info,
    lines: text.split('\n').slice(0, -1),
  }));

const prose = (page: string): string => page.replace(/^```.*\n[^]*?^```$/gm, '');

/** The links of a page that lead to something of ours. */
export const linksIn = (page: string): string[] =>
  [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^[a-z]+:/.test(link));

/** The words after `npm run` (or `npm`) on a page, in prose and in examples. */
export const namedCommands = (page: string): string[] =>
  [...page.matchAll(/\bnpm (?:run )?(?:-s )?([a-z]+)\b(?=[ `\n)]|$)/g)]
    .filter(([whole]) => whole.startsWith('npm run') || /^npm (ci|test|start|install)$/.test(whole))
    .map(([, name = '']) => name);

/** The nouns and verbs of the command line on a page: behind `npm run cascade --`, and in a table of its commands. */
export const namedNouns = (page: string): string[] =>
  [
    ...page.matchAll(/npm run cascade -- ([a-z][a-z -]*[a-z])/g),
    ...(/^\| for instance [^]*?\n\n/m.exec(page)?.[0] ?? '').matchAll(/^\| `([a-z][a-z -]*[a-z])/gm),
  ]
    .map(([, words = '']) =>
      words
        .replace(/ ?--.*$/, '')
        .split(' ')
        .slice(0, 2)
        .join(' '),
    )
    .filter((words) => words !== '');

const HOMES = 'src|test|docs|seeds|simulators|bench|migrations|bin';

/** The paths that a page names in `code`; a path with a placeholder or a pattern in it is none. */
export const namedPaths = (page: string): string[] =>
  [...prose(page).matchAll(/`([^`\n]+)`/g)]
    .map(([, code = '']) => code)
    .filter((code) => new RegExp(`^(${HOMES})/[\\w./-]+$`).test(code));

/** A text in which every duration and rate is the same, since no two runs have the same. */
export const withoutTimes = (text: string): string => text.replace(/[\d,.]+ (s|ms|a second)\b/g, '# $1');
