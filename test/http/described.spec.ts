import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDescription, showDocumentation } from '../../src/http/description/contract.ts';
import { allOperations } from '../../src/main/api-routes.ts';
import { readAlive, readMetrics, readReadiness } from '../../src/ops/contract.ts';
import { readFeedCursor } from '../../src/trading/feed/contract.ts';
import { OPERATOR_TOKEN, type TestApi, openTestApi } from '../support/api.ts';

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
  version: string;
};

describe('GET /openapi.json', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openTestApi();
  });
  afterAll(() => api.close());

  it('describes every route, on the host of a tenant and on the installation’s own', async () => {
    for (const tenant of ['acme', null]) {
      const described = (await api.call(readDescription, { tenant })).ok();
      const ids = Object.values(described['paths'] as Record<string, Record<string, { operationId: string }>>).flatMap(
        (item) => Object.values(item).map(({ operationId }) => operationId),
      );
      expect(described['info']).toMatchObject({ version: manifest.version });
      expect(ids.toSorted()).toEqual(
        allOperations()
          .map(({ id }) => id)
          .toSorted(),
      );
    }
  });

  it('is what answers are: health, figures, a page, a problem', async () => {
    expect((await api.call(readAlive)).ok()).toEqual({ status: 'alive' });
    expect((await api.call(readReadiness)).ok()).toMatchObject({ status: 'ready' });
    expect((await api.call(readMetrics, { token: OPERATOR_TOKEN })).status).toBe(200);
    expect((await api.call(readMetrics)).code).toBe('http.operator_token_required');
    expect((await api.call(showDocumentation)).text).toContain('Sign in');
    expect((await api.call(readFeedCursor, { params: { sourceId: 'x' } })).code).toBe('feed.signature_invalid');
  });
});
