import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemCatalogue } from '../../src/kernel/problem.ts';
import { type TestApi, openTestApi } from '../support/api.ts';

describe('GET /docs', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openTestApi();
  });
  afterAll(() => api.close());

  it('needs nothing from any other host, and may load nothing from there', async () => {
    const page = await api.raw({ path: '/docs', tenant: null });
    expect(page.headers['content-security-policy']).toBe(
      "default-src 'none';script-src 'self';style-src 'self' 'unsafe-inline';img-src 'self' data:;font-src 'self';connect-src 'self';base-uri 'self';form-action 'self';frame-ancestors 'none'",
    );
    const places = [...page.text().matchAll(/(?:src|href)="([^"]+)"/g)].map(([, place]) => place ?? '');
    expect(places.length).toBeGreaterThan(4);
    for (const place of new Set(places)) {
      expect(place).toMatch(/^\/[a-z]/);
      expect((await api.raw({ path: place, tenant: null })).status).toBe(200);
    }
    expect(page.text()).not.toMatch(/<script>|style="|onclick/);
  });

  it('says how to sign in, on a tenant’s host and on the installation’s own', async () => {
    for (const tenant of ['acme', null]) {
      const page = (await api.raw({ path: '/docs', tenant })).text();
      for (const word of ['/api/v1/auth/login', 'accessToken', 'Authorization: Bearer', 'csk_'])
        expect(page).toContain(word);
    }
    expect((await api.raw({ path: '/', tenant: null })).text()).toContain('href="/docs"');
  });

  it('has the page of all codes beside it, where the type of a problem leads', async () => {
    for (const tenant of ['acme', null]) {
      const refused = await api.raw({ path: '/api/v1/auth/me', tenant });
      const { type, code } = refused.json() as { type: string; code: string };
      const address = new URL(type, `http://localhost:${api.port}/api/v1/auth/me`);
      expect(address.hash).toBe(`#${code}`);
      const page = await api.raw({ path: address.pathname, tenant });
      expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      const absent = [...problemCatalogue().keys()].filter((each) => !page.text().includes(`<a id="${each}"></a>`));
      expect(absent).toEqual([]);
      // Nothing of the Markdown is left standing but inside of examples.
      expect(page.text().replace(/<(code|pre)[^]*?<\/\1>/g, '')).not.toMatch(/`|\]\(|\|---|^#/m);
    }
  });

  it('is packed for whoever takes it so, and keeps no link to what is not served', async () => {
    for (const path of ['/docs/viewer.js', '/docs/viewer.css', '/docs/errors', '/openapi.json']) {
      const plain = await api.raw({ path });
      const packed = await api.raw({ path, headers: { 'accept-encoding': 'gzip, br' } });
      expect([plain.headers['content-encoding'], packed.headers['content-encoding']]).toEqual([undefined, 'gzip']);
      expect(String(packed.headers['vary'])).toMatch(/Origin.*Accept-Encoding/);
      expect(gunzipSync(packed.bytes).equals(plain.bytes)).toBe(true);
      expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 2);
      expect(plain.text()).not.toContain('sourceMappingURL');
    }
  });
});
