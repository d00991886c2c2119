import { z } from 'zod';

const DecimalText = z.string().optional();

/** The execution of a trade as a booking keeps it. */
export const KeptExecution = z.strictObject({
  contractSize: z.string(),
  pipSize: z.string(),
  digits: z.int(),
  baseCurrency: z.string().optional(),
  profitCurrency: z.string(),
  depositCurrency: z.string(),
  side: z.enum(['buy', 'sell']),
  openPrice: DecimalText,
  closePrice: DecimalText,
  openReason: z.string().optional(),
  openBid: DecimalText,
  openAsk: DecimalText,
  closeBid: DecimalText,
  closeAsk: DecimalText,
  profit: DecimalText,
  rateProfit: DecimalText,
  charged: DecimalText,
  accountState: z.strictObject({ equity: z.string(), credit: z.string(), at: z.string(), ageMs: z.int() }).optional(),
  conversions: z
    .array(
      z.strictObject({
        from: z.string(),
        to: z.string(),
        rows: z.array(
          z.strictObject({
            key: z.string(),
            rate: z.string(),
            base: z.string(),
            quote: z.string(),
            source: z.string(),
            at: z.string(),
            ageMs: z.int(),
          }),
        ),
      }),
    )
    .optional(),
  channel: z.string().optional(),
});
