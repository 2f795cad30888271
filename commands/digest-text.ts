/** The digest as people read it: one short line when nothing happened, else the books, what became of what, and what is next. */
import type { DeskStatus, Digest, DivergenceFigures } from '../engine/desk.ts';
import { decimal, zero } from '../engine/money.ts';
import type { CommandContext } from './command.ts';
import { exactText, moneyText } from './figures.ts';
import { gainText, priceText, quantityText } from './gains.ts';
import { maySeeJob } from './job-sight.ts';
import { seenBy } from './reach.ts';
import { bold, type Reply, type RichText, rich } from './reply.ts';
import type { Reach } from './running.ts';
import type { Times } from './times.ts';

export interface DigestReader {
  readonly desk: CommandContext['desk'];
  /** To which books and accounts the reader is limited; undefined: to none. */
  readonly reach: Reach | undefined;
  readonly times: Times;
}

type Job = DeskStatus['jobs'][number];

/** Beyond these the message would be a wall; /positions and /job list show them all. */
const mostPositions = 12;
const mostJobs = 4;

/** What happened since a moment, as far as the reader may see it. */
export async function digestReply({ desk, reach, times }: DigestReader, since: Date): Promise<Reply> {
  const only = seenBy(reach, desk);
  const digest = await desk.digest({ since, until: times.now, only });
  const account = (broker: string) => desk.accountText(broker);
  const troubles = troubleLines(digest, account);
  const title = `Since ${times.near(since)}`;
  if (troubles.length === 0 && isQuiet(digest)) {
    return { title, text: ['Nothing happened, nothing is open, and nothing waits for you.'] };
  }
  const jobs = (await desk.jobs()).filter((job) => maySeeJob(job, desk, reach));
  // One part after another, each with an empty line between. What else a digest should tell is one more of them.
  const parts: readonly RichText[] = [
    troubles.length === 0 ? [] : [troubles.map((trouble) => `⚠️ ${trouble}`).join('\n')],
    bookLines(digest, account),
    countLines(digest),
    divergenceLines(await desk.plans.divergencesSince(since, only)),
    jobLine(jobs, times),
  ];
  return {
    title,
    tone: troubles.length > 0 ? 'warning' : 'info',
    text: parts
      .filter((part) => part.length > 0)
      .flatMap((part, index) => (index === 0 ? part : ['\n\n', ...part])),
  };
}

function isQuiet({ books, counts: { signals, handTrades, runs, stoppedPlans } }: Digest): boolean {
  const counts = [...Object.values(signals), handTrades, ...Object.values(runs), stoppedPlans];
  return (
    counts.every((count) => count === 0) &&
    books.every(({ net, positions }) => positions.length === 0 && decimal(net).eq(zero))
  );
}

function troubleLines({ troubles }: Digest, account: (broker: string) => string): readonly string[] {
  const { unknownOrders, stuckOperations, differences, brokers } = troubles;
  return [
    ...(unknownOrders === 0 ? [] : [`Orders whose outcome is not known: ${unknownOrders}, see /orders`]),
    ...(stuckOperations === 0 ? [] : [`Operations that are stuck: ${stuckOperations}, see /operation list`]),
    ...(differences === 0
      ? []
      : [`Differences between brokers and books: ${differences}, see /difference list`]),
    ...brokers.map(({ name, why }) => `Broker ${account(name)}: ${why}`),
  ];
}

function bookLines({ books }: Digest, account: (broker: string) => string): RichText {
  let shown = 0;
  const lines = books.flatMap((book, index): RichText => {
    const { name, currency, net, open, equity, otherCosts, positions, suspended } = book;
    const others = [...otherCosts].map(([asset, amount]) => exactText(amount, asset));
    const inWords = positions.slice(0, Math.max(0, mostPositions - shown));
    shown += inWords.length;
    return [
      index === 0 ? '' : '\n',
      ...rich`${bold(name)}, ${account(book.account)}: ${gainText(net, currency)} realised`,
      ...(positions.length === 0 ? [] : [`, ${gainText(open, currency)} open`]),
      `, worth ${moneyText(equity, currency)}`,
      ...(others.length === 0 ? [] : [`, besides ${others.join(', ')} of costs`]),
      ...(suspended ? [', suspended'] : []),
      ...inWords.map((position) => `\n• ${positionText(position, currency)}`),
    ];
  });
  const left = books.reduce((sum, { positions }) => sum + positions.length, 0) - shown;
  return left === 0 ? lines : [...lines, `\n• ${left} more, see /positions`];
}

function positionText(
  { symbol, quantity, averageCost, lastPrice, unrealised }: Digest['books'][number]['positions'][number],
  currency: string,
): string {
  const side = quantity.startsWith('-') ? 'short' : 'long';
  const size = quantityText(quantity.replace('-', ''));
  const gain =
    lastPrice === null
      ? 'no price just now, counted at its cost'
      : `${priceText(lastPrice)}, ${gainText(unrealised, currency)}`;
  return `${size} ${symbol} ${side}, ${priceText(averageCost)} → ${gain}`;
}

function countLines({ counts: { signals, handTrades, runs, stoppedPlans } }: Digest): RichText {
  const listed = (of: Readonly<Record<string, number>>) =>
    Object.entries(of).flatMap(([word, count]) => (count === 0 ? [] : [`${count} ${word}`]));
  const named = [
    { name: 'Signals', counts: listed({ ...signals }) },
    { name: 'Trades by hand', counts: handTrades === 0 ? [] : [String(handTrades)] },
    { name: 'Runs of plans', counts: listed({ ...runs }) },
    { name: 'Plans that were stopped', counts: stoppedPlans === 0 ? [] : [String(stoppedPlans)] },
  ];
  return [
    named
      .filter(({ counts }) => counts.length > 0)
      .map(({ name, counts }) => `${name}: ${counts.join(', ')}`)
      .join('\n'),
  ].filter((text) => text !== '');
}

/** A plan that has wanted nothing yet has nothing to say. */
function divergenceLines(plans: readonly DivergenceFigures[]): RichText {
  return plans
    .filter(({ orders }) => orders.length > 0)
    .flatMap((figures, index): RichText => [index === 0 ? '' : '\n', ...divergenceLine(figures)]);
}

function divergenceLine({ plan, from, currency, equity, totals }: DivergenceFigures): RichText {
  const { slippageBps, missed } = totals;
  return [
    ...rich`Plan ${bold(plan)} since ${from}`,
    ...(equity === null ? [] : [`, ${apartText(equity.difference, currency)}`]),
    ...(slippageBps === null ? [] : [`, slippage ${slippageBps.toFixed(1)} bps`]),
    ...(missed === 0 ? [] : [`, ${missed} ${missed === 1 ? 'order' : 'orders'} missed`]),
    `: /plan divergence ${plan}`,
  ];
}

function apartText(difference: number, currency: string): string {
  const amount = Math.abs(difference).toFixed(2);
  if (amount === '0.00') return 'level with its backtest';
  return `${moneyText(amount, currency)} ${difference < 0 ? 'less' : 'more'} than its backtest`;
}

/** Plans and tasks: what the desk does for itself is in `/job list`. */
function jobLine(jobs: readonly Job[], times: Times): RichText {
  const next = jobs
    .flatMap(({ name, key, nextRunAt, paused }) =>
      nextRunAt === null || paused || !(name === 'plan' || name === 'task')
        ? []
        : [{ title: `${name} ${key.split(' ')[0]}`, nextRunAt }],
    )
    .sort((one, other) => one.nextRunAt.getTime() - other.nextRunAt.getTime())
    .slice(0, mostJobs);
  if (next.length === 0) return [];
  return [`Next: ${next.map(({ title, nextRunAt }) => `${title} at ${times.near(nextRunAt)}`).join('; ')}`];
}
