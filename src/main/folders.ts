import path from 'node:path';
import type { Config } from '../platform/config.ts';

/** Where the files of exports are: API and worker on several machines must share the folder, or downloads do not find them. */
export const exportsFolderOf = ({ dataFolder }: Pick<Config, 'dataFolder'>): string =>
  path.resolve(dataFolder, 'exports');
