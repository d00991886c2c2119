const HIDDEN = '***';
const FIRST = /^./u;
/** A number this short would be given away by two of its digits. */
const PHONE_DIGITS_MIN = 6;
const PHONE_DIGITS_SHOWN = 2;

const first = (text: string): string => FIRST.exec(text)?.[0] ?? '';

/**
 * An e-mail address of which only the first character of either side and the last label of the domain are left:
 * `m***@e***.com`. What is no address is hidden as a whole.
 */
export function maskEmail(address: string): string {
  const at = address.lastIndexOf('@');
  const [local, domain] = [address.slice(0, Math.max(at, 0)), address.slice(at + 1)];
  if (local === '' || domain === '') return HIDDEN;
  const dot = domain.lastIndexOf('.');
  const top = dot <= 0 ? '' : domain.slice(dot);
  return `${first(local)}${HIDDEN}@${first(domain)}${HIDDEN}${top}`;
}

/** A telephone number of which the last two digits are left: `***56`; none of a number of fewer than six. */
export function maskPhone(phone: string): string {
  const digits = phone.replace(/\D/g, '');
  return digits.length < PHONE_DIGITS_MIN ? HIDDEN : `${HIDDEN}${digits.slice(-PHONE_DIGITS_SHOWN)}`;
}

/** The number of a document, of which nothing is left. */
export const maskDocument = (_number: string): string => HIDDEN;

const maskOf = { email: maskEmail, phone: maskPhone, documents: maskDocument } as const;

/** A field as a caller is shown it: masked where its access says so (`Access.masked`), else as it is. */
export function shownField<Value extends string | null>(
  masked: ReadonlySet<string>,
  field: keyof typeof maskOf,
  value: Value,
): Value | string {
  return value === null || !masked.has(field) ? value : maskOf[field](value);
}
