import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import type { OperationForm } from '../../kernel/operation.ts';
import { type Route, route } from '../../platform/route.ts';
import {
  readDescription,
  readDocumentationScript,
  readDocumentationStyle,
  readViewer,
  readViewerStyle,
  showDocumentation,
  showErrors,
} from './contract.ts';
import { describeApi } from './document.ts';
import { errorsPage } from './errors-page.ts';
import { viewerFrame, viewerPage, viewerScript } from './page.ts';

type DescriptionSettings = {
  /** All operations, those of the description among them. */
  readonly operations: () => readonly OperationForm[];
  readonly version: string;
  readonly problemsUrl: string;
};

const ERRORS = new URL('../../../docs/errors.md', import.meta.url);
const DAY = 'public, max-age=86400';

/** The description of the API for programs and for people, served from our own host alone. */
export function descriptionRoutes({ operations, version, problemsUrl }: DescriptionSettings): Route[] {
  const described = once(() => packed(JSON.stringify(describeApi(operations(), version, problemsUrl))));
  const errors = once(() => packed(errorsPage(readFileSync(ERRORS, 'utf8'))));
  const viewer = once(() => packed(distributed('swagger-ui-bundle.js')));
  const viewerStyle = once(() => packed(distributed('swagger-ui.css')));
  const fresh = { 'Cache-Control': 'no-cache' };
  const kept = { 'Cache-Control': DAY };
  return [
    route(readDescription, async ({ headers }) => ({
      ...sent(described(), headers, fresh),
      contentType: 'application/json; charset=utf-8',
    })),
    route(showDocumentation, async ({ tenantId }) => ({
      status: 200,
      text: viewerPage(tenantId !== null),
      headers: fresh,
    })),
    route(showErrors, async ({ headers }) => sent(errors(), headers, fresh)),
    route(readViewer, async ({ headers }) => sent(viewer(), headers, kept)),
    route(readViewerStyle, async ({ headers }) => sent(viewerStyle(), headers, kept)),
    route(readDocumentationScript, async () => ({ status: 200, text: viewerScript, headers: fresh })),
    route(readDocumentationStyle, async () => ({ status: 200, text: viewerFrame, headers: fresh })),
  ];
}

/** A file of the viewer as it is distributed, without the line that leads to its source map, which is not served. */
function distributed(name: string): string {
  const text = readFileSync(createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`), 'utf8');
  const end = text.lastIndexOf('# sourceMappingURL=');
  return end < 0 ? text : text.slice(0, text.lastIndexOf('/', end));
}

type Packed = { readonly plain: Buffer; readonly gzip: Buffer };

const packed = (text: string): Packed => ({ plain: Buffer.from(text), gzip: gzipSync(text) });

/** A large text, packed for whoever takes it so. */
function sent(
  { plain, gzip }: Packed,
  headers: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>>,
) {
  const isPacked = /\bgzip\b/.test(headers['accept-encoding'] ?? '');
  return {
    status: 200 as const,
    bytes: isPacked ? gzip : plain,
    headers: { ...more, Vary: 'Accept-Encoding', ...(isPacked ? { 'Content-Encoding': 'gzip' } : {}) },
  };
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
