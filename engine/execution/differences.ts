/** Where a broker's account and our books differ: found by comparing, stored until it is resolved. */
import { createHash } from 'node:crypto';
import type { AccountLine } from '../bank/bank.ts';
import type { BrokerOrder } from '../brokers/broker.ts';
import type { Decimal } from '../money.ts';
import { decimalText, zero } from '../money.ts';
import type { StoredDocument } from '../store/store.ts';
import { defineCollection } from '../store/store.ts';

/** What is found, before it is stored. */
export type Finding =
  | {
      /** More or less of an asset, or more or less owed of it, than the books say. */
      readonly kind: 'held' | 'owed';
      readonly wallet: string;
      readonly asset: string;
      readonly ours: Decimal;
      readonly theirs: Decimal;
    }
  /** An open order that this desk did not send. */
  | { readonly kind: 'order'; readonly order: BrokerOrder };

export type Resolution = 'adopt' | 'ignore' | 'cancel' | 'flatten';

export interface Difference extends StoredDocument {
  readonly broker: string;
  readonly kind: Finding['kind'];
  readonly wallet: string | null;
  readonly asset: string | null;
  /** Of a foreign order: its client order id and symbol. */
  readonly order: string | null;
  readonly symbol: string | null;
  /** Decimal text; null for an order. */
  readonly ours: string | null;
  readonly theirs: string | null;
  readonly text: string;
  /** Whether the account makes no entries as long as it is open. */
  readonly blocks: boolean;
  /** Ignored: as long as it is exactly this difference. */
  readonly state: 'open' | 'ignored' | 'resolved';
  /** How often it was found anew after it had been resolved: each time is told. */
  readonly occurrence: number;
  readonly foundAt: string;
  readonly resolvedAt: string | null;
  readonly how: Resolution | 'vanished' | null;
  readonly by: string | null;
  /** The order that trades it away, while its end is not known; missing or null where none does. */
  readonly flattening?: Flattening | null;
}

export interface Flattening {
  /** Its client order id. */
  readonly order: string;
  readonly symbol: string;
  readonly by: string;
}

export const differenceCollection = defineCollection<Difference>('differences', {
  indexes: [
    ['broker', 'state'],
    ['state', 'foundAt'],
  ],
});

/** Every line of which the two do not say the same. What one of them does not list it has nothing of. */
export function compareLines(ours: readonly AccountLine[], theirs: readonly AccountLine[]): Finding[] {
  const keyOf = ({ wallet, asset }: AccountLine) => JSON.stringify([wallet, asset]);
  const ourLines = new Map(ours.map((line) => [keyOf(line), line]));
  const theirLines = new Map(theirs.map((line) => [keyOf(line), line]));
  const findings: Finding[] = [];
  for (const key of new Set([...ourLines.keys(), ...theirLines.keys()])) {
    const our = ourLines.get(key);
    const their = theirLines.get(key);
    const { wallet = '', asset = '' } = our ?? their ?? {};
    for (const kind of ['held', 'owed'] as const) {
      const [mine, its] = [our?.[kind] ?? zero, their?.[kind] ?? zero];
      if (!mine.eq(its)) findings.push({ kind, wallet, asset, ours: mine, theirs: its });
    }
  }
  return findings;
}

/** The same difference has the same id for ever, so that it is found, told and resolved as one. */
export function differenceId(broker: string, finding: Finding): string {
  const what =
    finding.kind === 'order'
      ? [finding.kind, finding.order.brokerOrderId]
      : [finding.kind, finding.wallet, finding.asset];
  const hash = createHash('sha256').update(JSON.stringify([broker, ...what]));
  return `diff-${hash.digest('hex').slice(0, 12)}`;
}

/** In a sentence for people. */
export function wordsOf(broker: string, finding: Finding): string {
  if (finding.kind === 'order') {
    const { side, quantity, symbol, brokerOrderId } = finding.order;
    return `${broker} has an open order that this desk did not send: ${side} ${quantity} ${symbol} (${brokerOrderId}).`;
  }
  const { kind, wallet, asset, ours, theirs } = finding;
  const more = theirs.minus(ours);
  const verb = kind === 'held' ? 'holds' : 'is owed';
  return (
    `${broker} ${verb} ${decimalText(theirs)} ${asset} in the wallet ${wallet}; the books say ${decimalText(ours)}: ` +
    `${decimalText(more.abs())} ${more.gt(zero) ? 'more' : 'less'} there.`
  );
}

/** What can be done about it, the safest first. */
export function resolutionsOf({
  kind,
  ours,
  theirs,
}: Pick<Difference, 'kind' | 'ours' | 'theirs'>): Resolution[] {
  if (kind === 'order') return ['cancel', 'ignore'];
  const surplus = kind === 'held' && ours !== null && theirs !== null;
  return surplus ? ['adopt', 'ignore', 'flatten'] : ['adopt', 'ignore'];
}
