/** Why a deal was made, by the platform's numbers (protocol notes, 1.3). */
const NAMES = [
  'client',
  'expert',
  'dealer',
  'stop_loss',
  'take_profit',
  'stop_out',
  'rollover',
  'external_client',
  'variation_margin',
  'gateway',
  'signal',
  'settlement',
  'transfer',
  'sync',
  'external_service',
  'migration',
  'mobile',
  'web',
  'split',
  'corporate_action',
] as const;

/** Those with which a position can be opened; all others are of the platform's own making, and never earn. */
export const openReasonNames = [
  'client',
  'expert',
  'dealer',
  'stop_loss',
  'take_profit',
  'stop_out',
  'external_client',
  'gateway',
  'signal',
  'mobile',
  'web',
] as const satisfies readonly (typeof NAMES)[number][];

/** The number of a reason. */
export const reasonNumberOf = (name: (typeof NAMES)[number]): number => NAMES.indexOf(name);

/** The name of a reason; a number that is not known comes as `reason_<n>`, none where the server gives none. */
export const reasonNameOf = (reason: number | undefined): string | undefined =>
  reason === undefined ? undefined : (NAMES[reason] ?? `reason_${reason}`);
