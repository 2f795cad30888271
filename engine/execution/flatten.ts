/** The steps that close everything a book has open, at the market: what is held is sold, what is owed bought back. */
import type { BookSettings } from '../bank/book.ts';
import type { Holdings } from '../bank/position.ts';
import { decimalText, zero } from '../money.ts';
import type { Step } from './operation.ts';

/** Without any steps when the book has nothing open. */
export function flattenSteps(
  holdings: Holdings,
  { currency, home, wallet = home }: Pick<BookSettings, 'currency' | 'home' | 'wallet'>,
): readonly Step[] {
  const steps: Step[] = [];
  for (const [asset, { quantity, symbol }] of holdings.positions) {
    steps.push({ kind: 'cancel', leg: `cancel:${asset}`, symbol });
    if (quantity.gt(zero)) {
      for (const [place, assets] of holdings.wallets) {
        if (!assets.get(asset)?.gt(zero)) continue;
        const leg = `sell:${asset}:${place}`;
        steps.push({
          kind: 'order',
          leg,
          symbol,
          side: 'sell',
          quantity: { is: 'held', asset },
          wallet: place,
        });
      }
      continue;
    }
    const buy = { kind: 'order', leg: `buy:${asset}`, symbol, side: 'buy', wallet } as const;
    if (!holdings.debts.has(asset)) {
      const amount = decimalText(quantity.abs());
      steps.push({ ...buy, quantity: { is: 'fixed', amount } });
      continue;
    }
    const owed = { is: 'owed', asset } as const;
    steps.push({ ...buy, quantity: owed, netOfFee: true });
    steps.push({ kind: 'repay', leg: `repay:${asset}`, asset, amount: owed, wallet });
  }
  if (steps.length === 0) return steps;
  if (wallet !== home) {
    const amount = { is: 'held', asset: currency } as const;
    const leg = 'transfer home';
    steps.push({
      kind: 'transfer',
      leg,
      asset: currency,
      amount,
      from: wallet,
      to: home,
      asFarAsPossible: true,
    });
  }
  return [...steps, { kind: 'settle', leg: 'settle' }];
}
