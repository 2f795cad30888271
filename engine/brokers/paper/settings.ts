/** What `desk.yaml` says of a paper broker. */
import { z } from 'zod';
import { intervals } from '../../market/bars.ts';
import { instrumentRules, notNegative, positive, rate, walletName } from '../account/settings.ts';

const margin = z.strictObject({
  /** Wallets from which assets can be borrowed. */
  wallets: z.array(walletName).min(1, 'must name at least one wallet'),
  /** Rate of the loan per day; charged by the hour. */
  interest: rate.default('0'),
  /** Most that a wallet may hold for each unit that is its own: 3 lends twice of it. */
  leverage: positive.default('3'),
  /** What must stay in a wallet that owes, as a multiple of what it owes, when something is moved out of it. */
  transferLevel: positive.default('2'),
  /** What everything is valued in; the first currency of `balances` where not given. */
  currency: z.string().optional(),
  /** Assets that nobody lends. */
  noLender: z.array(z.string()).default([]),
  /** In which loans and transfers are made. */
  step: positive.default('0.00000001'),
});

export const paperSettings = z
  .strictObject({
    type: z.literal('paper'),
    /** Name of the source in `desk.yaml` at whose prices it fills. */
    source: z.string(),
    /** What the account holds before its first order: by currency in its first wallet, or by wallet and currency. */
    balances: z.record(z.string(), z.union([notNegative, z.record(z.string(), notNegative)])),
    /** The first is the one that trades where nothing else is said. */
    wallets: z.array(walletName).min(1, 'must name at least one wallet').default(['account']),
    /** By which rate a fill is worse than the price: buys above it, sells below it. Limit prices are kept. */
    slippage: rate.default('0'),
    /** Rate of the notional. */
    fee: rate.default('0'),
    /** What the fee is paid in: the currency of the price, what is bought, or a currency by its name. */
    feeIn: z.string().min(1).default('quote'),
    /** Whether it sells shares that it does not hold. */
    short: z.boolean().default(false),
    /** What must be free beside the proceeds of a short sale, as a rate of them; both are then locked. */
    shortCollateral: notNegative.default('0'),
    /** Between an order and its arrival at the market. */
    latencyMs: z.number().int().min(0).default(0),
    /** The most of a price's or bar's volume that the account trades, where the source tells it. */
    volumeShare: positive.optional(),
    /** How often prices are asked for while an order rests. */
    pollSeconds: z.number().min(0.01, 'must be at least 0.01').default(5),
    /** The source's bars by whose low and high a resting order is judged. */
    bars: z.enum(intervals).default('1d'),
    margin: margin.optional(),
    ...instrumentRules,
  })
  .superRefine((settings, context) => {
    const wallets = new Set(settings.wallets);
    const unknown = (wallet: string, path: (string | number)[]) =>
      context.addIssue({
        code: 'custom',
        path,
        message: `names the wallet "${wallet}", which is not among wallets: ${[...wallets].join(', ')}`,
      });
    for (const [wallet, amount] of Object.entries(settings.balances)) {
      if (typeof amount === 'object' && !wallets.has(wallet)) unknown(wallet, ['balances', wallet]);
    }
    for (const [index, wallet] of (settings.margin?.wallets ?? []).entries()) {
      if (!wallets.has(wallet)) unknown(wallet, ['margin', 'wallets', index]);
    }
  });

export type PaperSettings = z.infer<typeof paperSettings>;
