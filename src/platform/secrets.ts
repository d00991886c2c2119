import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from './config.ts';
import { platformProblem } from './errors.ts';

/** The configuration of a process whose secrets are settled. */
export type CompleteConfig = Config & { readonly secret: string; readonly operatorToken: string };

/**
 * Settles the secrets. `required`: they come from the environment or the start is refused (the production roles).
 * `kept`: else from the data folder, where an earlier start left them, or the start is refused. `generated`: else they
 * are made, and kept in the data folder for this account alone (`npm start`).
 */
export function completeConfig(config: Config, policy: 'required' | 'kept' | 'generated'): CompleteConfig {
  const settle = (given: string | undefined, name: string, file: string): string => {
    if (given !== undefined) return given;
    const place = path.resolve(config.dataFolder, file);
    const found = policy === 'required' ? undefined : readKept(place);
    if (found !== undefined) return found;
    if (policy === 'generated') return makeKept(place);
    const also = policy === 'kept' ? ` and ${place} does not exist` : '';
    throw platformProblem('platform.config_invalid', {
      detail: `${name} is not set${also}. Give one of at least 32 random characters, the same for every process`,
    });
  };
  return {
    ...config,
    secret: settle(config.secret, 'CASCADE_SECRET', 'secret'),
    operatorToken: settle(config.operatorToken, 'CASCADE_OPERATOR_TOKEN', 'operator-token'),
  };
}

function readKept(place: string): string | undefined {
  const found = statSync(place, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if ((found.mode & 0o077) !== 0)
    throw platformProblem('platform.config_invalid', {
      detail: `${place} can be read by other accounts. Run chmod 600 on it, and consider the secret known`,
    });
  const text = readFileSync(place, 'utf8').trim();
  if (text.length < 32)
    throw platformProblem('platform.config_invalid', { detail: `${place} holds no secret of at least 32 characters` });
  return text;
}

/** The file appears whole or not at all, and the first of two starts at once wins. */
function makeKept(place: string): string {
  mkdirSync(path.dirname(place), { recursive: true });
  const unfinished = `${place}.${randomBytes(6).toString('hex')}`;
  writeFileSync(unfinished, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(unfinished, place);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(unfinished);
  }
  return readKept(place) ?? makeKept(place);
}
