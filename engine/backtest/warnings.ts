/** What the user should know about a run, beside its figures. */
import type { SimulatedBroker } from './broker.ts';
import type { Market } from './market.ts';

interface Ran {
  readonly broker: SimulatedBroker;
  readonly market: Market;
  readonly firstBar: number;
  /** Indicators without a single value. */
  readonly neverDefined: readonly string[];
}

const mostNamed = 5;

export function warningsOf({ broker, market, firstBar, neverDefined }: Ran): string[] {
  const { time, symbols } = market;
  const { account, ledger, rules, bankruptBar, contingentInEntryBar } = broker;
  const dayOf = (bar: number) => new Date(time[bar] as number).toISOString().slice(0, 10);
  const warnings: string[] = [];
  if (firstBar >= time.length) {
    warnings.push(
      `next() was never called: ${time.length} bars are too few, the indicators need ${firstBar + 1} of them.`,
    );
  }
  if (neverDefined.length > 0) {
    const named = neverDefined.slice(0, mostNamed).join(', ');
    const more = neverDefined.length > mostNamed ? ` and ${neverDefined.length - mostNamed} more` : '';
    warnings.push(
      `No bar of ${time.length} has a value of ${named}${more}: the bars are too few for it. What is compared with it never happens.`,
    );
  }
  const { rejected } = ledger;
  if (rejected > 0) {
    const orders = rejected === 1 ? 'order was' : 'orders were';
    warnings.push(
      `${rejected} ${orders} dropped for lack of cash, first on ${dayOf(ledger.firstRejectedBar)}.`,
    );
  }
  if (contingentInEntryBar > 0) {
    warnings.push(
      `${contingentInEntryBar} times a stop loss or take profit lay inside the bar of its stop or limit entry; it was looked at from the next bar on.`,
    );
  }
  if (bankruptBar !== null) {
    warnings.push(
      `The account was bankrupt on ${dayOf(bankruptBar)}: everything was closed, and the run ended there.`,
    );
  }
  const open = account.trades.length;
  if (open > 0 && !rules.finalizeTrades) {
    warnings.push(
      `${open} ${open === 1 ? 'trade is' : 'trades are'} open at the end: in the equity, but in no statistic of trades.`,
    );
  }
  for (const { symbol, traded } of symbols) {
    const last = traded?.lastIndexOf(1) ?? time.length - 1;
    const isHeld = account.trades.some((trade) => trade.symbol === symbol);
    if (isHeld && last < time.length - 1) {
      warnings.push(
        `${symbol} has no bars after ${dayOf(last)}: what is held of it cannot be sold, and stands at its last close.`,
      );
    }
  }
  const dearest = symbols.filter(({ close }) => (close[firstBar] ?? 0) > rules.cash * rules.leverage);
  if (ledger.orderCount > 0 && ledger.fillCount === 0 && dearest.length > 0) {
    warnings.push(
      `One unit of ${dearest.map(({ symbol }) => symbol).join(', ')} costs more than the cash of ${rules.cash}: nothing was traded. More cash, or the option fractional, helps.`,
    );
  }
  return warnings;
}
