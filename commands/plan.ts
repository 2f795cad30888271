import { UserError } from '../engine/errors.ts';
import { action, type CommandContext, defineCommand, type OptionValues } from './command.ts';
import { againOption, mustBeSame } from './name-again.ts';
import { planDivergence } from './plan-divergence.ts';
import {
  createOptions,
  differingKeys,
  planDraft,
  planOption,
  setOptions,
  takenAway,
} from './plan-options.ts';
import { runQuestion, sendQuestion } from './plan-questions.ts';
import {
  changeContent,
  createdReply,
  draftContent,
  historyReply,
  listReply,
  logReply,
  ordersReply,
  previewReply,
  runReply,
  sentReply,
  setReply,
  showReply,
} from './plan-replies.ts';
import { progressOf } from './progress.ts';
import { isWithin } from './reach.ts';
import { bold, type Reply, rich } from './reply.ts';
import { symbolList } from './symbols.ts';
import { zoneNamed } from './times.ts';

const shownMoments = 5;
const limitOption = {
  limit: { type: 'integer', description: 'How many; 30 without it', min: 1, max: 500 },
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
        run: async ({ desk, caller, times }) =>
          listReply(
            (await desk.plans.list()).filter(({ settings: { book } }) =>
              isWithin(caller.reach, { book, account: desk.books.accountOf(book) }),
            ),
            times,
          ),
      }),
      show: action({
        description: 'What a plan is, when it runs next, and whether orders of it wait',
        role: 'viewer',
        options: planOption,
        example: '/plan show demo',
        run: async ({ desk, times }, { plan: name }) =>
          showReply(await desk.plans.show(name), desk.plans.moments(name, shownMoments), times),
      }),
      create: action({
        description: 'Make a plan; it is disabled until its dry run has passed',
        role: 'trader',
        acts: true,
        options: createOptions,
        example:
          '/plan create daily momentum_rotation AMBR,BRKW,CLVR demo rotation 2018-01-01 times=16:30 timezone=America/New_York',
        wizard: [
          {
            option: 'name',
            question: 'What is the plan called? It keeps its name.',
            check: ({ desk }, name) => desk.plans.checkNew(name),
          },
          { option: 'strategy', question: 'Which strategy does it run?', onlySuggested: true },
          { option: 'symbols', question: 'On which symbols, separated by commas?' },
          {
            option: 'source',
            question: 'Where do its bars come from?',
            onlySuggested: true,
            check: ({ desk }, source, { symbols }) =>
              desk.plans.checkSymbols(source, symbolList(symbols ?? '')),
          },
          {
            option: 'book',
            question: 'Whose money does it trade? A book without a handler.',
            onlySuggested: true,
          },
          { option: 'from', question: 'From which day on does it see data?' },
          { option: 'calendar', question: 'Whose trading days and hours does it keep?' },
          {
            option: 'times',
            question: 'At which times does it run? As 9:30, 15:59:30 or 9:30-16:00/30min.',
            check: ({ desk }, times) => desk.plans.checkRunTimes(times),
          },
          {
            option: 'timezone',
            question: 'In which time zone are these times?',
            default: ({ desk }, { calendar }) => calendar && desk.plans.zoneOfCalendar(calendar),
            check: (_context, timezone) => {
              if (zoneNamed(timezone) === undefined)
                throw new UserError(`"${timezone}" is not a time zone such as America/New_York.`);
            },
          },
          { option: 'entry', question: 'When do its orders trade?', default: 'open' },
          {
            option: 'mode',
            question: 'Always from the start, or from what the book holds?',
            default: 'strict',
          },
          { option: 'commission', question: 'Which rate does trading cost, as 0.001?', default: '0' },
          {
            option: 'params',
            question: "Which parameters, other than the strategy's own?",
            check: ({ desk }, params, { strategy = '' }) => desk.plans.checkParams(strategy, params),
          },
        ],
        confirm: async ({ desk, times }, chosen) => {
          desk.plans.checkNew(chosen.name);
          const { settings, moments } = await desk.plans.preview({ name: chosen.name, ...planDraft(chosen) });
          return draftContent(settings, moments, times);
        },
        run: async ({ desk, caller, times }, chosen) => {
          const made = await desk.plans.create({ name: chosen.name, ...planDraft(chosen) }, caller.name);
          return createdReply(made, desk.plans.moments(made.settings.name, shownMoments), times);
        },
      }),
      set: action({
        description: 'Change a plan; what it was is kept',
        role: 'trader',
        acts: true,
        options: setOptions,
        example: '/plan set demo commission=0.002',
        confirm: async ({ desk }, chosen) => {
          const { before, after } = await changeOf(desk, chosen);
          return changeContent(before, after);
        },
        run: setPlan,
      }),
      enable: action({
        description: 'Let a plan run at its times; also one that has stopped',
        role: 'trader',
        acts: true,
        options: planOption,
        example: '/plan enable demo',
        confirm: async ({ desk }, { plan: name }) => {
          const { settings, stopped } = await desk.plans.show(name);
          return {
            title: `Enable the plan ${settings.name}?`,
            text: [
              ...(stopped === null ? [] : rich`It had stopped: ${stopped}\n`),
              ...rich`Its orders go to ${bold(desk.accountText(desk.books.accountOf(settings.book)))}, with the money of ${bold(settings.book)}.`,
            ],
          };
        },
        run: async ({ desk, times }, { plan: name }) => {
          const { settings } = await desk.plans.setEnabled(name, true);
          const next = desk.plans.moments(name, shownMoments);
          const reply = previewReply(settings, next, times);
          return { ...reply, tone: 'success', title: `Plan ${settings.name} is enabled` };
        },
      }),
      disable: action({
        description: 'Let the times of a plan go by; its book keeps what it holds',
        role: 'trader',
        acts: true,
        options: planOption,
        example: '/plan disable demo',
        run: async ({ desk }, { plan: name }) => {
          const { settings, waiting } = await desk.plans.setEnabled(name, false);
          const left = waiting === 0 ? '' : ` ${waiting} of its orders still wait.`;
          return { tone: 'success', text: rich`${bold(settings.name)} is disabled.${left}` };
        },
      }),
      run: action({
        description: 'Run a plan now: its new orders go to the broker',
        role: 'trader',
        acts: true,
        options: planOption,
        example: '/plan run demo',
        confirm: (context, { plan: name }) => runQuestion(context, name),
        async *run({ desk, caller, request, signal, times }, { plan: name }) {
          const report = yield* progressOf((tell) =>
            desk.plans.run(name, { by: caller.name, request, signal, onProgress: tell }),
          );
          return runReply(report, times);
        },
      }),
      dryrun: action({
        description: 'What a run would do now; nothing is sent, cancelled or kept',
        role: 'trader',
        options: planOption,
        example: '/plan dryrun demo',
        async *run({ desk, caller, signal, times }, { plan: name }) {
          const report = yield* progressOf((tell) =>
            desk.plans.dryRun(name, { by: caller.name, signal, onProgress: tell }),
          );
          return runReply(report, times);
        },
      }),
      send: action({
        description: 'Send orders of a plan that wait, as far as they may go',
        role: 'trader',
        acts: true,
        options: planOption,
        example: '/plan send demo',
        confirm: (context, { plan: name }) => sendQuestion(context, name),
        run: async ({ desk, times }, { plan: name }) =>
          sentReply(name, await desk.plans.sendWaiting(name), times),
      }),
      delete: action({
        description: 'Take a plan that was made in chat off the list; its runs stay',
        role: 'trader',
        acts: true,
        options: {
          ...planOption,
          again: { ...againOption, example: 'daily' },
        },
        example: '/plan delete daily daily',
        run: async ({ desk }, { plan: name, again }) => {
          mustBeSame(name, again);
          const book = desk.plans.bookOf(name);
          await desk.plans.delete(name);
          return {
            tone: 'success',
            text: rich`${bold(name)} is deleted. The book ${bold(book)} keeps what it holds; the runs stay in /run list.`,
            buttons: [{ label: `Show ${book}`, command: ['book', 'show'], options: { book } }],
          };
        },
      }),
      history: action({
        description: 'The runs of a plan, and its versions',
        role: 'viewer',
        options: { ...planOption, ...limitOption },
        example: '/plan history demo',
        run: async ({ desk, times }, { plan: name, limit = 30 }) =>
          historyReply(name, await desk.plans.history(name, limit), await desk.plans.versions(name), times),
      }),
      log: action({
        description: 'What happened in a run of a plan, line by line; in the newest where none is named',
        role: 'viewer',
        options: {
          ...planOption,
          run: {
            type: 'string',
            description: 'Its id in /plan history',
            example: 'demo-2024-03-04-1630',
          },
        },
        example: '/plan log demo',
        run: async ({ desk, times }, { plan: name, run }) =>
          logReply(await desk.plans.runOf(name, run), times),
      }),
      orders: action({
        description: 'What the runs of a plan wanted, and what became of it',
        role: 'viewer',
        options: { ...planOption, ...limitOption },
        example: '/plan orders demo',
        run: async ({ desk, times }, { plan: name, limit = 30 }) =>
          ordersReply(name, await desk.plans.orders(name, limit), times),
      }),
      divergence: planDivergence,
      performance: action({
        description: 'How well the book of a plan trades',
        role: 'viewer',
        options: planOption,
        example: '/plan performance demo',
        standsFor: ({ desk }, { plan: name }) => `/performance book=${desk.plans.bookOf(name)}`,
        run: async ({ desk }, { plan: name }) => ({ text: [`/performance book=${desk.plans.bookOf(name)}`] }),
      }),
      preview: action({
        description: 'When a plan runs next, by the clock of its market and by yours',
        role: 'viewer',
        options: { ...planOption, ...limitOption },
        example: '/plan preview demo',
        run: async ({ desk, times }, { plan: name, limit = 10 }) => {
          const { settings } = await desk.plans.show(name);
          return previewReply(settings, desk.plans.moments(name, limit), times);
        },
      }),
    },
  },
});

/** One of a file is changed over its file, as by /config set. */
async function setPlan(
  { desk, host, caller }: CommandContext,
  chosen: OptionValues<typeof setOptions>,
): Promise<Reply> {
  const { plan: name } = chosen;
  const { changes, origin } = await changeOf(desk, chosen);
  if (origin === 'chat') return setReply(await desk.plans.set(name, changes, caller.name));
  await host.settings.setTogether(
    Object.entries(changes).map(([key, value]) => ({
      document: `plans/${name}`,
      key,
      value: JSON.stringify(value),
    })),
    caller.name,
  );
  return {
    tone: 'success',
    text: rich`${bold(name)} is changed. Its file stays as it is: /config diff shows what differs.`,
  };
}

/** @throws UserError when nothing is to be changed, or the plan would not be right with it */
async function changeOf(desk: CommandContext['desk'], chosen: OptionValues<typeof setOptions>) {
  const { plan: name, without } = chosen;
  const { settings, origin } = await desk.plans.show(name);
  if (without !== undefined && origin === 'file') {
    throw new UserError(
      `The plan "${name}" is a file: /config reset plans/${name} goes back to what it says, key by key.`,
    );
  }
  const asked = { ...(without !== undefined && takenAway(without, settings)), ...planDraft(chosen) };
  if (Object.keys(asked).length === 0) {
    throw new UserError(`Say what is to change: /plan set ${name} commission=0.002`);
  }
  const { before, after } = await desk.plans.checkChange(name, asked);
  const keys = differingKeys(asked, before, after);
  if (keys.length === 0) throw new UserError(`The plan "${name}" is like that already.`);
  const changes = Object.fromEntries(keys.map((key) => [key, asked[key]]));
  return { changes, before, after, origin };
}
