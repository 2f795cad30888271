/**
 * Kraken's names: old assets have four letters, such as `XXBT` and `ZUSD`, and a pair has three names.
 * https://docs.kraken.com/api-reference/market-data/get-tradable-asset-pairs
 */
import type { ListedSymbol } from '../symbols.ts';
import type { Venue } from '../venue.ts';

const ids: Readonly<Record<string, string>> = { BTC: 'XXBT', ETH: 'XETH', USD: 'ZUSD', EUR: 'ZEUR' };
const alternatives: Readonly<Record<string, string>> = { BTC: 'XBT' };

export const assetId = (asset: string): string => ids[asset] ?? asset;
export const assetName = (asset: string): string => alternatives[asset] ?? asset;

/** `XXBTZUSD` */
export function pairId({ base, quote }: ListedSymbol): string {
  const whole = ids[base] !== undefined && ids[quote] !== undefined;
  return whole ? `${assetId(base)}${assetId(quote)}` : pairName({ base, quote });
}

/** `XBTUSD` */
export function pairName({ base, quote }: Pick<ListedSymbol, 'base' | 'quote'>): string {
  return `${assetName(base)}${assetName(quote)}`;
}

/** The pair of any of its names. */
export function pairOf(venue: Venue, name: string): ListedSymbol | undefined {
  return venue
    .symbols()
    .find((listed) =>
      [pairId(listed), pairName(listed), `${assetName(listed.base)}/${listed.quote}`].includes(name),
    );
}
