import type { DeskStatus } from '../engine/desk.ts';
import { action, defineCommand, type Host } from './command.ts';
import { maySeeJob } from './job-sight.ts';
import { seenBy } from './reach.ts';
import { bold, type Reply, type RichText, rich } from './reply.ts';
import type { Times } from './times.ts';

export const status = defineCommand({
  name: 'status',
  description: 'What runs, what does not, and what comes next',
  group: 'Overview',
  body: {
    action: action({
      description: 'What runs, what does not, and what comes next',
      role: 'viewer',
      options: {},
      example: '/status',
      run: async ({ desk, host, times, caller: { reach } }) => {
        const shown = await desk.status(seenBy(reach, desk));
        const jobs = shown.jobs.filter((job) => maySeeJob(job, desk, reach));
        return statusReply({ ...shown, jobs }, host, times);
      },
    }),
  },
});

function statusReply(desk: DeskStatus, host: Host, times: Times): Reply {
  const problems = [
    ...desk.brokers.filter(({ state }) => state !== 'ready').map(({ name, why }) => `Broker ${name}: ${why}`),
    ...host
      .platforms()
      .filter(({ state }) => state !== 'ready')
      .map(({ name, state, why }) => `${name}: ${why ?? state}`),
    ...desk.jobs.flatMap(({ name, failReason }) =>
      failReason === null ? [] : [`Job ${name}: ${failReason}`],
    ),
    ...(desk.differences === 0
      ? []
      : [`Differences between brokers and books: ${desk.differences}, see /difference list`]),
    ...(desk.stuckOperations === 0
      ? []
      : [`Operations that are stuck: ${desk.stuckOperations}, see /operation list`]),
    ...(desk.unknownOrders === 0 ? [] : [`Orders whose outcome is not known: ${desk.unknownOrders}`]),
  ];
  return {
    title: `Desk ${host.environment}, Outcry ${host.version}`,
    tone: problems.length > 0 || desk.suspension ? 'warning' : 'success',
    text: [...suspensionText(desk), ...problemText(problems)],
    fields: [
      { name: 'Up', value: sinceText(host.startedAt, desk.now) },
      { name: 'Store', value: desk.store },
      { name: 'Brokers', value: list(desk.brokers.map((broker) => stateText(broker, times))) },
      { name: 'Chat', value: list(host.platforms().map((platform) => stateText(platform, times))) },
      { name: 'Sources', value: list(desk.sources.map((source) => answerText(source, times))) },
      { name: 'Alerts', value: host.webhook() },
      { name: 'Signals in hand', value: String(desk.signalsInHand) },
      { name: 'Books', value: String(desk.books) },
      { name: 'Next jobs', value: nextJobs(desk, times) },
    ],
  };
}

function suspensionText({ suspension }: DeskStatus): RichText {
  if (!suspension) return [];
  const what = suspension.scope === 'all' ? 'Everything' : 'New entries';
  const why = suspension.reason === '' ? '' : `: ${suspension.reason}`;
  return rich`${bold(`${what} suspended`)} by ${suspension.by}${why}\n`;
}

function problemText(problems: readonly string[]): RichText {
  return problems.length === 0
    ? ['Everything runs.']
    : [problems.map((problem) => `⚠️ ${problem}`).join('\n')];
}

/** What is not ready was seen last when it became so. */
function stateText(
  { name, state, since }: { readonly name: string; readonly state: string; readonly since: Date },
  times: Times,
): string {
  return state === 'ready' ? `${name} ready` : `${name} ${state} since ${times.near(since)}`;
}

function answerText({ name, answeredAt }: DeskStatus['sources'][number], times: Times): string {
  return answeredAt === null ? `${name} not heard yet` : `${name} heard ${times.near(answeredAt)}`;
}

const mostJobs = 3;

/** The next plans and tasks; what the desk does for itself every few minutes is in `/job list`. */
function nextJobs({ jobs }: DeskStatus, times: Times): string {
  const next = jobs
    .filter(({ name }) => name === 'plan' || name === 'task')
    .flatMap(({ name, key, nextRunAt }) => (nextRunAt === null ? [] : [{ name, key, nextRunAt }]))
    .sort((a, b) => a.nextRunAt.getTime() - b.nextRunAt.getTime());
  return list(
    next
      .slice(0, mostJobs)
      .map(({ name, key, nextRunAt }) => `${name} ${key.split(' ')[0]} at ${times.minute(nextRunAt)}`),
  );
}

function sinceText(startedAt: Date, now: Date): string {
  const minutes = Math.floor((now.getTime() - startedAt.getTime()) / 60_000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

function list(items: readonly string[]): string {
  return items.length === 0 ? 'none' : items.join(', ');
}
