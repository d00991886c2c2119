import { z } from 'zod';

const DecimalText = z.string().optional();

/** The execution of a trade as a booking keeps it. */
export const KeptExecution = z.strictObject({
  contractSize: z.string(),
  pipSize: z.string(),
  digits: z.int(),
  profitCurrency: z.string(),
  depositCurrency: z.string(),
  side: z.enum(['buy', 'sell']),
  openPrice: DecimalText,
  closePrice: DecimalText,
  openBid: DecimalText,
  openAsk: DecimalText,
  closeBid: DecimalText,
  closeAsk: DecimalText,
  profit: DecimalText,
  rateProfit: DecimalText,
  charged: DecimalText,
});
