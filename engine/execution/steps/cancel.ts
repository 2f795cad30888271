/** Cancels what rests at the broker, and waits until it has certainly ended: what was filled meanwhile is booked. */
import type { Broker } from '../../brokers/broker.ts';
import { reasonOf, UserError } from '../../errors.ts';
import type { CancelStep } from '../operation.ts';
import type { Order } from '../order.ts';
import { isFinal } from '../states.ts';
import type { Ended, Turn } from './turn.ts';
import { done, isWithPerson } from './turn.ts';

export async function carryOutCancel(turn: Turn, step: CancelStep): Promise<Ended> {
  const { executor, operation, broker } = turn;
  const open = await executor.openOrders({ book: operation.book, broker: broker.name });
  const meant: Order[] = [];
  try {
    const symbol = await nameOf(broker, step.symbol);
    for (const order of open) {
      if (step.of !== undefined && !(order.operation === operation._id && order.key.leg === step.of))
        continue;
      if ((await nameOf(broker, order.symbol)) === symbol) meant.push(order);
    }
  } catch (error) {
    return {
      is: 'unclear',
      reason: `${broker.name} could not be asked what rests there: ${reasonOf(error)}`,
    };
  }
  const ended = await Promise.all(meant.map(({ _id }) => executor.cancel(_id, 'the desk')));
  const left = ended.find(({ state }) => !isFinal(state));
  if (!left) return done(null);
  if (isWithPerson(broker, left)) return { is: 'by hand', order: left._id };
  const why = left.reason ?? `it is still ${left.state}`;
  return {
    is: 'unclear',
    reason: `The order ${left._id} could not be cancelled at ${broker.name}: ${why}.`,
  };
}

/**
 * The broker's name of a symbol, so that `BTCUSDT` and `BTC/USDT` are the same; the symbol itself where it has none.
 * @throws while the broker does not know its own names: to guess could leave a stop behind that opens a position later
 */
async function nameOf(broker: Broker, symbol: string): Promise<string> {
  try {
    return (await broker.resolve(symbol)).symbol;
  } catch (error) {
    if (error instanceof UserError) return symbol;
    throw error;
  }
}
