/**
 * How an order of the desk is said to TWS: as one order, or as two of which the first to trade cancels the other; an entry
 * with its exit as a bracket of two or three.
 */
import type { Order, OrderAction, OrderType, TimeInForce } from '@stoqey/ib';
import type { AttachedExit, OrderRequest, OrderTerms } from '../broker.ts';

/** What differs from leg to leg. */
type Legal = Pick<Order, 'orderType' | 'tif'> & { readonly lmtPrice?: number; readonly auxPrice?: number };

/** A group of orders of which a trade of one cancels the others at once, and what is being sent of them is blocked. */
const cancelsOthers = 1;

/** The stop comes first: it is what must not be missing. */
export function placement(request: OrderRequest, account: string): readonly Order[] {
  const { clientOrderId, side, quantity, terms } = request;
  return legsOf(terms).map((leg) => ({
    ...leg,
    action: (side === 'buy' ? 'BUY' : 'SELL') as OrderAction,
    totalQuantity: Number(quantity),
    account,
    orderRef: clientOrderId,
    transmit: true,
    outsideRth: false,
    ...(terms.type === 'oco' && { ocaGroup: clientOrderId, ocaType: cancelsOthers }),
  }));
}

/**
 * The entry first, then the exit, whose orders cancel each other because they have one parent. Nothing of it is transmitted before
 * the last of them. Source: the page on bracket orders in the manual of the TWS API.
 */
export function bracket(
  request: OrderRequest,
  exit: AttachedExit,
  account: string,
): readonly { readonly clientOrderId: string; readonly order: Order; readonly isExit: boolean }[] {
  const [entry] = placement(request, account);
  const side = request.side === 'buy' ? 'sell' : 'buy';
  const exits = placement({ ...request, ...exit, side }, account).map(
    ({ ocaGroup: _, ocaType: __, ...order }) => order,
  );
  if (!entry) throw new RangeError('an entry without an order');
  return [
    { clientOrderId: request.clientOrderId, order: { ...entry, transmit: false }, isExit: false },
    ...exits.map((order, index) => ({
      clientOrderId: exit.clientOrderId,
      order: { ...order, transmit: index === exits.length - 1 },
      isExit: true,
    })),
  ];
}

function legsOf(terms: OrderTerms): readonly Legal[] {
  switch (terms.type) {
    case 'market':
      if (terms.auction === 'open') return [leg('MKT', 'OPG')];
      return [leg(terms.auction === 'close' ? 'MOC' : 'MKT', 'DAY')];
    case 'limit':
      return [{ ...leg('LMT', 'GTC'), lmtPrice: Number(terms.limitPrice) }];
    case 'stop':
      return [{ ...leg('STP', 'GTC'), auxPrice: Number(terms.stopPrice) }];
    case 'stop_limit':
      return [
        {
          ...leg('STP LMT', 'GTC'),
          lmtPrice: Number(terms.limitPrice),
          auxPrice: Number(terms.stopPrice),
        },
      ];
    case 'oco':
      return [
        { ...leg('STP', 'GTC'), auxPrice: Number(terms.stopPrice) },
        { ...leg('LMT', 'GTC'), lmtPrice: Number(terms.limitPrice) },
      ];
    default:
      return terms satisfies never;
  }
}

function leg(type: 'MKT' | 'MOC' | 'LMT' | 'STP' | 'STP LMT', tif: 'DAY' | 'GTC' | 'OPG') {
  return { orderType: type as OrderType, tif: tif as TimeInForce };
}
