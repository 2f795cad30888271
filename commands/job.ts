import type { DeskStatus } from '../engine/desk.ts';
import { UserError } from '../engine/errors.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { maySeeJob } from './job-sight.ts';
import { bold, type Reply, rich } from './reply.ts';
import type { Times } from './times.ts';

type Job = DeskStatus['jobs'][number];

const jobOption = {
  type: 'string',
  description: 'The job, as /job list names it',
  required: true,
  rest: true,
  example: 'reconcile hourly',
  suggest: async ({ desk }: CommandContext) => (await desk.jobs()).map(titleOf),
} as const;

export const job = defineCommand({
  name: 'job',
  description: 'What the desk does by itself at its times: see it, run it now, pause it',
  group: 'Running',
  body: {
    subcommands: {
      list: action({
        description: 'Every job with its times, and how it ended last',
        role: 'viewer',
        example: '/job list',
        options: {},
        run: async ({ desk, caller, times }) =>
          listReply(
            (await desk.jobs()).filter((job) => maySeeJob(job, desk, caller.reach)),
            times,
          ),
      }),
      run: action({
        description: 'Runs a job once, now; its own times stay',
        role: 'admin',
        acts: true,
        example: '/job run reconcile hourly',
        options: { job: jobOption },
        confirm: async (context, { job: asked }) => {
          const found = await jobNamed(context, asked);
          mustRunHere(found);
          return {
            title: `Run ${titleOf(found)} now?`,
            text: [
              `Its next time stays ${found.nextRunAt ? context.times.minute(found.nextRunAt) : 'none'}.`,
            ],
          };
        },
        run: async (context, { job: asked }) => {
          const found = await jobNamed(context, asked);
          mustRunHere(found);
          await context.desk.runJob(found.name, found.key);
          return {
            tone: 'success',
            text: rich`${bold(titleOf(found))} runs now. It stands in /job list until it has ended, and stays there if it fails.`,
          };
        },
      }),
      pause: action({
        description: 'Lets the times of a job go by, until it is resumed',
        role: 'admin',
        acts: true,
        example: '/job pause reconcile hourly',
        options: { job: jobOption },
        confirm: async (context, { job: asked }) => {
          const found = await jobNamed(context, asked);
          const why = consequences[found.name];
          return {
            title: `Pause ${titleOf(found)}?`,
            text: [`It stays so over restarts, until /job resume.${why === undefined ? '' : ` ${why}`}`],
          };
        },
        run: async (context, { job: asked }) => {
          const found = await jobNamed(context, asked);
          await context.desk.setJobPaused(found.name, found.key, true);
          return { tone: 'warning', text: rich`${bold(titleOf(found))} is paused.` };
        },
      }),
      resume: action({
        description: 'Lets a paused job run again at its times; what it missed is not made up for',
        role: 'admin',
        acts: true,
        example: '/job resume reconcile hourly',
        options: { job: jobOption },
        run: async (context, { job: asked }) => {
          const found = await jobNamed(context, asked);
          await context.desk.setJobPaused(found.name, found.key, false);
          return { tone: 'success', text: rich`${bold(titleOf(found))} runs again at its times.` };
        },
      }),
    },
  },
});

/** What somebody should know who pauses it. */
const consequences: Readonly<Record<string, string>> = {
  reconcile: 'Differences between brokers and books are then found only at the start and after a reconnect.',
  audit: 'Nobody then checks every night that the books balance.',
  day: 'Limits on the loss of a day then count from the day before.',
  plan: 'The plan then trades nothing.',
  task: 'The script then runs only by hand.',
  digest: 'No chat is then told its daily digest.',
};

function titleOf({ name, key }: Job): string {
  return `${name} ${key}`;
}

/** @throws UserError naming those that there are */
async function jobNamed({ desk }: CommandContext, asked: string): Promise<Job> {
  const jobs = await desk.jobs();
  const wanted = asked.toLowerCase().replace(/\s+/g, ' ');
  const found = jobs.find((each) => titleOf(each).toLowerCase() === wanted);
  if (found) return found;
  const alike = jobs.filter(({ name }) => name === wanted);
  const [only] = alike;
  if (only && alike.length === 1) return only;
  throw new UserError(`There is no job "${asked}". There is: ${jobs.map(titleOf).join(', ') || 'none'}.`);
}

/** A plan's job knows its run by day and time, so that none is made twice: early, it would be in the way of the real one. */
function mustRunHere({ name, key }: Job): void {
  if (name === 'plan') throw new UserError(`A plan is run now by /plan run ${key.split(' ')[0]}.`);
}

function listReply(jobs: readonly Job[], times: Times): Reply {
  if (jobs.length === 0) return { text: ['There are no jobs.'] };
  return {
    title: 'Jobs',
    tone: jobs.some(({ failReason, paused }) => failReason !== null || paused) ? 'warning' : 'info',
    table: {
      columns: ['Job', times.head('Next'), times.head('Last'), 'How it is'].map((name) => ({ name })),
      rows: jobs.map((each) => [
        titleOf(each),
        whenText(each.nextRunAt, times),
        whenText(each.lastRunAt, times),
        stateOf(each),
      ]),
    },
  };
}

function stateOf({ paused, failReason, failCount, lastFinishedAt }: Job): string {
  if (paused) return 'paused';
  if (failReason !== null) return `failed ${failCount} times: ${failReason}`;
  return lastFinishedAt ? 'well' : 'has not run yet';
}

function whenText(moment: Date | null, times: Times): string {
  return moment ? times.cell(moment) : 'none';
}
