import { isIP } from 'node:net';
import { z } from 'zod';

/** A variable of the environment: what it is called, what it is unless given, what it does, how it is read. */
export type ConfigVariable<Schema extends z.ZodType = z.ZodType> = {
  readonly name: string;
  /** As it would be written in the environment; null where there is none. */
  readonly byDefault: string | null;
  readonly effect: string;
  readonly schema: Schema;
};

export const variable = <Schema extends z.ZodType>(
  name: string,
  byDefault: string | null,
  effect: string,
  schema: Schema,
): ConfigVariable<Schema> => ({ name, byDefault, effect, schema });

export const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'is no whole number')
    .transform(Number)
    .refine((value) => value >= least && value <= most, `is not between ${least} and ${most}`);
export const periodMs = whole(10, 3_600_000);

export const url = (...protocols: string[]) =>
  z.string().refine(
    (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
    `is no address that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`, // Its text may hold a password: it is not repeated.
  );
/** A path on our own hosts or an address elsewhere, to which a fragment is added. */
export const pathOrUrl = z
  .string()
  .regex(/^(https?:\/)?\/[\w.~:@%/-]{1,300}$/, 'is neither a path nor an address that starts with http:// or https://');
export const postgresUrl = url('postgres:', 'postgresql:').optional();

const SECRET_LENGTH_MIN = 32;
/** Long, and of more than a handful of different characters: not `aaaa…` and not a placeholder that was left standing. */
export const secret = z
  .string()
  .min(SECRET_LENGTH_MIN, `is weak: it has fewer than ${SECRET_LENGTH_MIN} characters`)
  .refine((text) => new Set(text).size >= 10, 'is weak: it has fewer than 10 different characters')
  .optional();

const proxy = z.string().refine((text) => {
  const [address = '', bits] = text.split('/');
  const family = isIP(address);
  return family !== 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)));
}, 'names something that is no address or range, such as 10.0.0.0/8');
export const proxies = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== ''),
  )
  .pipe(z.array(proxy));

export const hostName = z
  .string()
  .transform((text) => text.toLowerCase())
  .pipe(
    z
      .string()
      .regex(/^(?=.{1,200}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, 'is no host name'),
  );
