import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const silencer =
  /^(?:\/\/|\/\*)[\s*]*(?:(?:oxlint|eslint)-disable|@ts-(?:ignore|expect-error|nocheck)|[cv]8 ignore|istanbul ignore)/;

/**
 * Finds the comments that switch the linter, the compiler or the measuring of coverage off: the code is mended, or the
 * rule is. The linter cannot find them itself, since such a comment silences that too.
 */
export function findSilencers(root: string, paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
    const starts = new Set(
      commentsOf(file, text)
        .filter((comment) => silencer.test(text.slice(comment.pos, comment.end)))
        .map(({ pos }) => pos),
    );
    return [...starts].map((start) => `${path}:${file.getLineAndCharacterOfPosition(start).line + 1}`);
  });
}

/** Comments stand before a token or after it on its line; looked for in both places, so that none is missed. */
function commentsOf(file: ts.SourceFile, text: string): ts.CommentRange[] {
  const found: ts.CommentRange[] = [];
  const visit = (node: ts.Node): void => {
    found.push(...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []));
    found.push(...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []));
    for (const child of node.getChildren(file)) visit(child);
  };
  visit(file);
  return found;
}
