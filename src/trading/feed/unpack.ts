import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { feedBodyProblem } from '../errors.ts';
import { feedProblem } from './errors.ts';
import { BATCH_BYTES_MAX } from './contract.ts';

const unzip = promisify(gunzip);

/**
 * A feed body as it was before it was packed. Never makes more than 1 MiB of it, however much it would unfold to.
 * `feed.batch_too_large`, `feed.body_unpackable`, or `feed.encoding_unsupported` for anything but gzip.
 */
export async function unpack(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  const coding = (encoding ?? 'identity').trim().toLowerCase();
  if (coding === 'identity' || coding === '') return body;
  if (coding !== 'gzip' && coding !== 'x-gzip') throw feedProblem('feed.encoding_unsupported');
  try {
    return await unzip(body, { maxOutputLength: BATCH_BYTES_MAX });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE')
      throw feedBodyProblem('feed.batch_too_large', { detail: `More than ${BATCH_BYTES_MAX} bytes unpacked`, cause });
    throw feedProblem('feed.body_unpackable', { cause });
  }
}
