import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { OperationForm } from '../../kernel/operation.ts';
import { type Route, route } from '../../platform/route.ts';
import {
  readDescription,
  readDocumentationScript,
  readDocumentationStyle,
  readViewer,
  readViewerStyle,
  showDocumentation,
} from './contract.ts';
import { describeApi } from './document.ts';
import { page, script, style } from './page.ts';

type DescriptionSettings = {
  /** All operations, those of the description among them. */
  readonly operations: () => readonly OperationForm[];
  readonly version: string;
  readonly problemsUrl: string;
};

const DAY = 'public, max-age=86400';

/** The description of the API for programs and for people, served from our own host alone. */
export function descriptionRoutes({ operations, version, problemsUrl }: DescriptionSettings): Route[] {
  const described = once(() => JSON.stringify(describeApi(operations(), version, problemsUrl)));
  const viewer = once(() => distributed('swagger-ui-bundle.js').replace(/\n?\/\/# sourceMappingURL=.*\s*$/, ''));
  const viewerStyle = once(() => distributed('swagger-ui.css').replace(/\n?\/\*# sourceMappingURL=.*\*\/\s*$/, ''));
  const fresh = { 'Cache-Control': 'no-cache' };
  const kept = { 'Cache-Control': DAY };
  return [
    route(readDescription, async () => ({
      status: 200,
      text: described(),
      contentType: 'application/json; charset=utf-8',
      headers: fresh,
    })),
    route(showDocumentation, async ({ tenantId }) => ({ status: 200, text: page(tenantId !== null), headers: fresh })),
    route(readViewer, async () => ({ status: 200, text: viewer(), headers: kept })),
    route(readViewerStyle, async () => ({ status: 200, text: viewerStyle(), headers: kept })),
    route(readDocumentationScript, async () => ({ status: 200, text: script, headers: fresh })),
    route(readDocumentationStyle, async () => ({ status: 200, text: style, headers: fresh })),
  ];
}

/** A file of the viewer as it is distributed. */
const distributed = (name: string): string =>
  readFileSync(createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`), 'utf8');

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
