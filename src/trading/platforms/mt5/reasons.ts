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

/** The name of a reason; a number that is not known comes as `reason_<n>`, none where the server gives none. */
export const reasonNameOf = (reason: number | undefined): string | undefined =>
  reason === undefined ? undefined : (NAMES[reason] ?? `reason_${reason}`);
