import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

/** A name or a body that occurs twice, and where. */
export type Duplicate = { readonly what: string; readonly places: readonly string[] };

type Place = { readonly folder: string; readonly at: string };

/** A body shorter than this, without its white space, is an idiom and no copy. */
const bodyCharactersMin = 120;

/**
 * Finds in a project: exported names that two folders of src both declare (whoever reads one would take it for the
 * other), and functions with the same body anywhere (one of them should be called by the other's name).
 */
export function findDuplicates(root: string): Duplicate[] {
  const names = new Map<string, Place[]>();
  const bodies = new Map<string, Place[]>();
  for (const path of sourcesIn(root)) {
    const file = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.ESNext, true);
    const place = (node: ts.Node): Place => ({
      folder: path.split('/').slice(0, 2).join('/'),
      at: `${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`,
    });
    if (path.startsWith('src/')) {
      for (const [name, node] of exportsOf(file)) add(names, name, place(node));
    }
    for (const body of bodiesOf(file)) add(bodies, withoutSpace(body), place(body.parent));
  }
  const sameNames = [...names].filter(([, places]) => new Set(places.map(({ folder }) => folder)).size > 1);
  const sameBodies = [...bodies.values()].filter((places) => places.length > 1);
  return [
    ...sameNames.map(([name, places]) => ({ what: `exported name ${name}`, places: places.map(({ at }) => at) })),
    ...sameBodies.map((places) => ({ what: 'function body', places: places.map(({ at }) => at) })),
  ];
}

function sourcesIn(root: string): string[] {
  const folders = ['src', 'migrations', 'seeds', 'simulators', 'bench', 'test/support'];
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => folders.some((folder) => path.startsWith(`${folder}/`)))
    .toSorted();
}

/** The names that a file itself declares and exports; a schema and the type it infers share theirs on purpose. */
function exportsOf(file: ts.SourceFile): Map<string, ts.Node> {
  const found = new Map<string, ts.Node>();
  for (const statement of file.statements) {
    if (!ts.canHaveModifiers(statement)) continue;
    if (!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    const declared = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [statement];
    for (const declaration of declared) {
      const name = (declaration as ts.NamedDeclaration).name;
      if (name !== undefined && ts.isIdentifier(name)) found.set(name.text, declaration);
    }
  }
  return found;
}

/** The bodies of all functions, named or not, that are long enough to be copies. */
function bodiesOf(file: ts.SourceFile): ts.Node[] {
  const found: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    const body = ts.isFunctionLike(node) && 'body' in node ? (node.body as ts.Node | undefined) : undefined;
    if (body !== undefined && withoutSpace(body).length >= bodyCharactersMin) found.push(body);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The tokens of a piece of code: neither layout nor comments make two copies different. */
function withoutSpace(node: ts.Node): string {
  const tokens: string[] = [];
  const visit = (child: ts.Node): void => {
    if (child.getChildCount() === 0) tokens.push(child.getText());
    else for (const inner of child.getChildren()) if (!ts.isJSDoc(inner)) visit(inner);
  };
  visit(node);
  return tokens.join(' ');
}

function add(map: Map<string, Place[]>, key: string, place: Place): void {
  const places = map.get(key);
  if (places === undefined) map.set(key, [place]);
  else places.push(place);
}
