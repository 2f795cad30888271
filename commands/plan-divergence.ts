/** `/plan divergence`: what the backtest of a plan said beside what happened, and why they differ. */
import { type ComparedOrder, type DivergenceReport, namedParts } from '../engine/desk.ts';
import { decimalOfNumber, decimalText } from '../engine/money.ts';
import { action } from './command.ts';
import { moneyText, signedMoneyText } from './figures.ts';
import { priceText, quantityText } from './gains.ts';
import { planOption } from './plan-options.ts';
import { bold, type Reply, type RichText, rich } from './reply.ts';

export const planDivergence = action({
  description: 'What the backtest of a plan said beside what happened, and why they differ',
  role: 'viewer',
  options: {
    ...planOption,
    from: { type: 'date', description: 'First day; its trade start without it' },
    to: { type: 'date', description: 'Last day; its newest bar without it' },
  },
  example: '/plan divergence demo',
  run: async ({ desk }, { plan: name, from, to }) =>
    divergenceReply(await desk.plans.divergence(name, { ...(from && { from }), ...(to && { to }) })),
});

/** More are in the CSV. */
const shownOrders = 12;

function divergenceReply(report: DivergenceReport): Reply {
  const { plan, book, account, from, to, orders, files, totals } = report;
  const shown = orders.toSorted((one, other) => weight(other) - weight(one)).slice(0, shownOrders);
  const inOrder = orders.filter((order) => shown.includes(order));
  return {
    title: `Divergence of plan ${plan}, book ${book}, ${account}`,
    tone: totals.missed > 0 ? 'warning' : 'info',
    text: [
      `${from} to ${to}\n`,
      ...equityText(report),
      ...ordersText(report),
      ...report.notes.map((note) => `\n${note}`),
      ...(orders.length > shownOrders
        ? [`\nThe ${shownOrders} orders that differ most; all ${orders.length} are in the CSV.`]
        : []),
    ],
    ...(inOrder.length > 0 && {
      table: {
        columns: [
          { name: 'Signal' },
          { name: 'Order' },
          { name: 'Expected', align: 'right' },
          { name: 'Filled at', align: 'right' },
          { name: 'Bps', align: 'right' },
          { name: 'Outcome' },
        ],
        rows: inOrder.map(orderRow),
      },
    }),
    attachments: files,
    buttons: [
      { label: 'Orders', command: ['plan', 'orders'], options: { plan } },
      { label: 'Performance', command: ['plan', 'performance'], options: { plan } },
    ],
  };
}

function equityText({ equity, currency }: DivergenceReport): RichText {
  if (!equity) return [];
  const { difference, trackingErrorPercent: error, because } = equity;
  const parts = namedParts(because)
    .filter(({ value }) => Math.abs(value) >= 0.005)
    .map(({ name, value }) => `${name.toLowerCase()} ${signed(value, '')}`);
  return [
    ...rich`Book less backtest ${bold(signed(difference, currency))}`,
    ...(parts.length > 0 ? [`: ${parts.join(', ')}`] : []),
    ...(error === null ? [] : [`\nTracking error ${error.toFixed(2)}% a year`]),
    '\n',
  ];
}

function ordersText({ totals, currency, equity }: DivergenceReport): RichText {
  const { filled, partly, missed, slippageBps, slippage, medianDelayMs, missedProfit } = totals;
  const inPart = partly === 0 ? '' : `, ${partly} of them in part`;
  const delay = medianDelayMs === null ? '' : `, half of them within ${Math.round(medianDelayMs / 1000)} s`;
  return [
    `${filled} orders filled${inPart}${delay}`,
    ...(slippageBps === null
      ? []
      : [`\nSlippage ${slippageBps.toFixed(1)} bps, cost ${money(slippage, currency)}`]),
    `\nFees ${moneyText(decimalText(totals.fees), currency)}`,
    ...(equity ? [`, in the backtest ${money(totals.simulatedCommission, currency)}`] : []),
    ...(missed === 0
      ? []
      : rich`\n${bold(`${missed} missed`)}${equity ? `: they would have brought ${signed(missedProfit, currency)}` : ''}`),
  ];
}

function orderRow(order: ComparedOrder): string[] {
  const { signalAt, firstFillAt, side, symbol, filled, wanted, expectedPrice, averagePrice } = order;
  const { slippageBps, outcome, reason, simulatedUnits } = order;
  const size = wanted ?? (simulatedUnits === null ? filled : String(simulatedUnits));
  return [
    (signalAt ?? firstFillAt ?? '').slice(0, 10),
    `${side} ${quantityText(size)} ${symbol}`,
    expectedPrice === null ? '' : priceText(decimalText(decimalOfNumber(expectedPrice))),
    averagePrice === null ? '' : priceText(averagePrice),
    slippageBps === null ? '' : slippageBps.toFixed(1),
    reason === null ? outcome : `${outcome}: ${reason}`,
  ];
}

/** What differs most comes first: orders that were not filled as they were wanted, then the dearest. */
function weight({ outcome, slippage }: ComparedOrder): number {
  const isAsWanted = outcome === 'filled' || outcome === 'filled by neither';
  return (isAsWanted ? 0 : 1e12) + Math.abs(slippage ?? 0);
}

function money(value: number, currency: string): string {
  return moneyText(decimalText(decimalOfNumber(value)), currency);
}

function signed(value: number, currency: string): string {
  return signedMoneyText(decimalText(decimalOfNumber(Number(value.toFixed(2)))), currency);
}
