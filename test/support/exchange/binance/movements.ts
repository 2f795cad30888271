/**
 * What was moved without an order: between wallets, and from outside. Nothing is ever withdrawn.
 * https://developers.binance.com/docs/wallet/asset/query-user-universal-transfer
 */
import { type Endpoints, sapi } from './endpoint.ts';
import { rows, transferWallets } from './margin.ts';
import type { Parameters } from './parameters.ts';
import { eight } from './wire.ts';

export const movements: Endpoints = {
  'GET /sapi/v1/asset/transfer': sapi(1, (parameters, { venue }) => {
    const [from, to] = transferWallets(parameters, venue);
    const type = parameters.text('type');
    return rows(
      parameters,
      venue.transfers.filter((entry) => entry.from === from && entry.to === to && isAsked(parameters, entry)),
      ({ id, at, asset, amount }) => ({
        asset,
        amount: eight(amount),
        type,
        status: 'CONFIRMED',
        tranId: id,
        timestamp: at,
      }),
    );
  }),
  'GET /sapi/v1/capital/deposit/hisrec': sapi(1, (parameters, { venue }) =>
    venue.deposits
      .filter(({ wallet }) => wallet === 'spot' || wallet === 'funding')
      .filter((entry) => isAsked(parameters, entry))
      .map(({ id, at, asset, amount, wallet }) => ({
        id: String(id),
        amount: eight(amount),
        coin: asset,
        network: 'ETH',
        status: 1,
        insertTime: at,
        walletType: wallet === 'funding' ? 1 : 0,
      })),
  ),
  'GET /sapi/v1/capital/withdraw/history': sapi(1, () => []),
};

function isAsked(parameters: Parameters, { at }: { readonly at: number }): boolean {
  const startTime = parameters.integer('startTime') ?? 0;
  const endTime = parameters.integer('endTime') ?? Number.POSITIVE_INFINITY;
  return at >= startTime && at <= endTime;
}
