import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configVariables, readConfig } from '../../src/platform/config.ts';
import { completeConfig } from '../../src/platform/secrets.ts';

const detailOf = (environment: Record<string, string>): string => {
  try {
    readConfig(environment);
  } catch (error) {
    expect(error).toMatchObject({ code: 'platform.config_invalid' });
    return error instanceof Error ? error.message : '';
  }
  return expect.fail('it was accepted');
};

describe('The configuration', () => {
  it('has a default for everything that can have one; an empty variable counts as not given', () => {
    expect(readConfig({ PORT: '', HOME: '/root' })).toMatchObject({
      port: 3000,
      dataFolder: '.cascade',
      databaseUrl: undefined,
      redisUrl: undefined,
      secret: undefined,
      baseHost: 'localhost',
      trustedProxies: [],
      logLevel: 'info',
      connectionsMax: 60,
    });
  });

  it('reads what is given', () => {
    expect(
      readConfig({
        PORT: '8080',
        DATABASE_URL: 'postgres://u:p@db:5433/postgres',
        REDIS_URL: 'rediss://cache:6380',
        CASCADE_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
        CASCADE_BASE_HOST: 'CRM.example.com',
        CASCADE_SWEEPER_PERIOD_MS: '50',
      }),
    ).toMatchObject({
      port: 8080,
      redisUrl: 'rediss://cache:6380',
      trustedProxies: ['10.0.0.0/8', '::1'],
      baseHost: 'crm.example.com',
      sweeperPeriodMs: 50,
    });
  });

  it('refuses an unknown CASCADE_ variable and names the nearest', () => {
    expect(detailOf({ CASCADE_SECRT: 'x' })).toContain('CASCADE_SECRT is unknown, did you mean CASCADE_SECRET?');
    expect(detailOf({ CASCADE_TRUSTED_PROXY: 'x' })).toContain('did you mean CASCADE_TRUSTED_PROXIES?');
  });

  it.each([
    [{ PORT: '70000' }, 'PORT is not between 0 and 65535'],
    [{ PORT: '3e3' }, 'PORT is no whole number'],
    [{ PORT: '-1' }, 'PORT is no whole number'],
    [{ DATABASE_URL: 'mysql://u:p@h/d' }, 'DATABASE_URL is no address that starts with postgres://'],
    [{ REDIS_URL: 'localhost' }, 'REDIS_URL is no address'],
    [{ CASCADE_SECRET: 'short' }, 'CASCADE_SECRET is weak: it has fewer than 32 characters'],
    [{ CASCADE_SECRET: 'a'.repeat(64) }, 'CASCADE_SECRET is weak: it has fewer than 10 different characters'],
    [{ CASCADE_OPERATOR_TOKEN: 'changeme' }, 'CASCADE_OPERATOR_TOKEN is weak'],
    [{ CASCADE_TRUSTED_PROXIES: '10.0.0.0/33' }, 'CASCADE_TRUSTED_PROXIES names something that is no address or range'],
    [{ CASCADE_LOG_LEVEL: 'loud' }, 'CASCADE_LOG_LEVEL is no log level'],
    [{ CASCADE_BASE_HOST: 'a b' }, 'CASCADE_BASE_HOST is no host name'],
    [{ CASCADE_INSTALLATION: 'Much-Too-Long-A-Name' }, 'CASCADE_INSTALLATION is not 1 to 12'],
    [
      { CASCADE_CONNECTIONS: '2', CASCADE_TENANT_CONNECTIONS: '4' },
      'CASCADE_TENANT_CONNECTIONS is larger than CASCADE_CONNECTIONS',
    ],
  ] as [Record<string, string>, string][])('refuses %j: %s', (environment, sentence) => {
    expect(detailOf(environment)).toContain(sentence);
  });

  it('tells all faults at once and repeats no value', () => {
    const message = detailOf({ PORT: 'x', CASCADE_SECRET: 'hunter2', DATABASE_URL: 'http://u:hunter2@h/d' });
    expect(message).toMatch(/PORT.*DATABASE_URL.*CASCADE_SECRET/);
    expect(message).not.toContain('hunter2');
  });

  it('is described in docs/configuration.md, variable by variable', () => {
    const rows = Object.values(configVariables).map(({ name, byDefault, effect }) => {
      const shown = byDefault === null ? 'none' : byDefault === '' ? 'empty' : `\`${byDefault}\``;
      return `| \`${name}\` | ${shown} | ${effect} |`;
    });
    const found = readFileSync('docs/configuration.md', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(found).toEqual(rows);
  });
});

describe('The secrets', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'cascade-secrets-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const config = (name: string, more: Record<string, string> = {}) =>
    readConfig({ CASCADE_DATA: path.join(folder, name), ...more });

  it('of a production role come from the environment, or it does not start', () => {
    expect(() => completeConfig(config('production'), 'required')).toThrow(/CASCADE_SECRET is not set/);
    const given = {
      CASCADE_SECRET: 'abcdefghijklmnopqrstuvwxyz0123456789',
      CASCADE_OPERATOR_TOKEN: '9876543210abcdefghijklmnopqrstuvwxyz',
    };
    expect(completeConfig(config('production', given), 'required')).toMatchObject({
      secret: given.CASCADE_SECRET,
      operatorToken: given.CASCADE_OPERATOR_TOKEN,
    });
  });

  it('are made once where that is allowed, are kept for their owner alone, and found again', () => {
    expect(() => completeConfig(config('made'), 'kept')).toThrow(
      /CASCADE_SECRET is not set and .*secret does not exist/,
    );
    const made = completeConfig(config('made'), 'generated');
    expect(made.secret).toMatch(/^[\w-]{43}$/);
    expect(made.operatorToken).not.toBe(made.secret);
    expect(statSync(path.join(folder, 'made', 'secret')).mode & 0o777).toBe(0o600);
    expect(completeConfig(config('made'), 'generated')).toEqual(made);
    expect(completeConfig(config('made'), 'kept')).toEqual(made);
    expect(() => completeConfig(config('made'), 'required')).toThrow(/CASCADE_SECRET is not set/);
  });

  it('are refused where others can read them, or where they are too short', () => {
    completeConfig(config('open'), 'generated');
    chmodSync(path.join(folder, 'open', 'secret'), 0o644);
    expect(() => completeConfig(config('open'), 'generated')).toThrow(/can be read by other accounts/);
    chmodSync(path.join(folder, 'open', 'secret'), 0o600);
    writeFileSync(path.join(folder, 'open', 'secret'), 'short\n');
    expect(() => completeConfig(config('open'), 'generated')).toThrow(/holds no secret of at least 32 characters/);
  });
});
