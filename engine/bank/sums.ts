/** Sums of amounts by name, and by wallet and name: what all figures of the bank are made of. */
import type { Decimal } from '../money.ts';
import { zero } from '../money.ts';

/** By asset or currency. */
export type Amounts = ReadonlyMap<string, Decimal>;

/** By wallet, then by asset. What is zero is not in it. */
export type Wallets = ReadonlyMap<string, Amounts>;

/** Sums that become zero stay, so that it shows what there once was. */
export function plus(before: Amounts, change: Amounts): Amounts {
  if (change.size === 0) return before;
  const after = new Map(before);
  for (const [name, amount] of change) after.set(name, (after.get(name) ?? zero).plus(amount));
  return after;
}

export function plusOne(before: Amounts, name: string, amount: Decimal): Amounts {
  return amount.eq(zero) ? before : plus(before, new Map([[name, amount]]));
}

/** The differences that are not zero. */
export function minus(after: Amounts, before: Amounts): Amounts {
  const names = new Set([...after.keys(), ...before.keys()]);
  return withoutZeros(
    new Map([...names].map((name) => [name, (after.get(name) ?? zero).minus(before.get(name) ?? zero)])),
  );
}

export function plusIn(
  before: Wallets,
  { wallet, asset }: { readonly wallet: string; readonly asset: string },
  amount: Decimal,
): Wallets {
  const after = new Map(before);
  const inWallet = withoutZeros(plusOne(before.get(wallet) ?? new Map(), asset, amount));
  if (inWallet.size > 0) after.set(wallet, inWallet);
  else after.delete(wallet);
  return after;
}

export function amountIn(wallets: Wallets, wallet: string, asset: string): Decimal {
  return wallets.get(wallet)?.get(asset) ?? zero;
}

/** Over all wallets. */
export function amountOf(wallets: Wallets, asset: string): Decimal {
  return [...wallets.values()].reduce((sum, amounts) => sum.plus(amounts.get(asset) ?? zero), zero);
}

export function withoutZeros(amounts: Amounts): Amounts {
  return new Map([...amounts].filter(([, amount]) => !amount.eq(zero)));
}
