import type { PlanReport, PlanRunReport } from '../engine/desk.ts';
import {
  action,
  type CommandContext,
  defineCommand,
  type OptionValues,
  type StringOption,
} from './command.ts';
import { progressOf } from './progress.ts';
import { isWithin } from './reach.ts';
import { bold, type Content, type Reply, rich } from './reply.ts';
import { backtestReply } from './run-reply.ts';

const planOption = {
  plan: {
    type: 'string',
    description: 'Plan',
    example: 'demo',
    required: true,
    suggest: ({ desk }) => desk.planNames(),
  } satisfies StringOption,
} as const;

export const plan = defineCommand({
  name: 'plan',
  description: 'Plans: strategies that run by themselves and trade for a book',
  group: 'Plans',
  body: {
    subcommands: {
      list: action({
        description: 'All plans with their next and last run',
        role: 'viewer',
        options: {},
        example: '/plan list',
        run: async ({ desk, caller }) =>
          listReply(
            (await desk.plans()).filter(({ settings: { book } }) =>
              isWithin(caller.reach, { book, account: desk.accountOfBook(book) }),
            ),
          ),
      }),
      run: action({
        description: 'Run a plan now: its new orders go to the broker',
        role: 'trader',
        acts: true,
        options: planOption,
        example: '/plan run demo',
        run: runPlan,
      }),
    },
  },
});

async function* runPlan(
  { desk, caller, signal }: CommandContext,
  { plan: name }: OptionValues<typeof planOption>,
) {
  const report = yield* progressOf((tell) =>
    desk.runPlan(name, { by: caller.name, signal, onProgress: tell }),
  );
  return planRunReply(report);
}

function listReply(plans: readonly PlanReport[]): Reply {
  if (plans.length === 0) {
    return { text: ['There are no plans. Add one as a file in the folder plans/ of the configuration.'] };
  }
  return {
    title: 'Plans',
    table: {
      columns: [
        { name: 'Plan' },
        { name: 'Strategy' },
        { name: 'Symbols' },
        { name: 'Book' },
        { name: 'Next run' },
        { name: 'Last run' },
      ],
      rows: plans.map(({ settings, nextRunAt, lastRun }) => [
        settings.name,
        settings.strategy,
        settings.symbols.length <= 3 ? settings.symbols.join(', ') : `${settings.symbols.length} symbols`,
        settings.book,
        nextRunAt === null ? (settings.enabled ? 'by hand' : 'disabled') : minute(nextRunAt.toISOString()),
        lastRun === undefined ? 'never' : `${minute(lastRun.startedAt)} ${lastRun.state}`,
      ]),
    },
    buttons: plans.slice(0, 5).map(({ settings: { name } }) => ({
      label: `Run ${name}`,
      command: ['plan', 'run'],
      options: { plan: name },
    })),
  };
}

function planRunReply(report: PlanRunReport): Reply {
  const base = backtestReply(report.backtest);
  return {
    ...base,
    title: `Plan ${report.plan}, book ${report.book}, ${report.account}`,
    text: [...ordersText(report), ...(base.text ?? [])],
    tone: report.orders.some(({ state }) => state === 'unknown' || state === 'rejected')
      ? 'warning'
      : 'success',
    ...(report.orders.length > 0 && { table: orderTable(report.orders) }),
  };
}

function ordersText({ orders, known, missed, tradeStart }: PlanRunReport) {
  const sent = orders.length === 0 ? 'No new orders.' : `New orders: ${orders.length}.`;
  const before =
    known === 0 ? '' : ` ${known} of the newest signals were sent before and are not sent again.`;
  const late =
    missed === 0
      ? ''
      : `\n⚠️ ${missed} earlier orders of this plan were never sent, because the desk did not run it in time. They are too old to send: the book differs from the backtest.`;
  return rich`${bold(sent)}${before}${late}\nIt trades for the book since ${tradeStart}. Below: what it would have done over all its history.\n`;
}

function orderTable(orders: PlanRunReport['orders']): NonNullable<Content['table']> {
  return {
    columns: [
      { name: 'Side' },
      { name: 'Quantity', align: 'right' },
      { name: 'Symbol' },
      { name: 'State' },
      { name: 'Price', align: 'right' },
      { name: 'Why' },
    ],
    rows: orders.map(({ side, quantity, symbol, state, averagePrice, reason }) => [
      side,
      quantity,
      symbol,
      state,
      averagePrice ?? '',
      reason ?? '',
    ]),
  };
}

/** `2020-01-31 14:30` UTC. */
function minute(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
