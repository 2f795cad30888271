import type { TaskPreview, TaskReport, TaskRun, TaskRunReport } from '../engine/desk.ts';
import { notifyLevels } from '../engine/desk.ts';
import {
  codeAttachment,
  codeFileOptions,
  codeReply,
  codeVersionOption,
  newCode,
  versionsTable,
} from './code-file.ts';
import { action, type CommandContext, defineCommand, type StringOption } from './command.ts';
import { againOption, mustBeSame } from './name-again.ts';
import { progressOf } from './progress.ts';
import {
  type Attachment,
  block,
  bold,
  type Content,
  code,
  type Reply,
  type RichText,
  rich,
} from './reply.ts';
import type { Times } from './times.ts';

const taskOption = {
  type: 'string',
  description: 'Task, by the name of its file',
  required: true,
  example: 'morning',
  suggest: ({ desk }) => desk.tasks.names(),
} as const satisfies StringOption;

const runOption = {
  type: 'string',
  description: 'Run, as /task history names it; without it the newest',
  example: 'morning-20260131T090000Z',
  suggest: async ({ desk }) => (await desk.tasks.history({ limit: 25 })).map(({ _id }) => _id),
} as const satisfies StringOption;

export const task = defineCommand({
  name: 'task',
  description: 'Tasks: scripts of your own that run at their times and tell chat what came of it',
  group: 'Running',
  body: {
    subcommands: {
      list: action({
        description: 'All tasks with when they run, and how they ended last',
        role: 'viewer',
        ofWholeDesk: true,
        options: {},
        example: '/task list',
        run: async ({ desk, times }) => listReply(await desk.tasks.list(), times),
      }),
      show: action({
        description: 'What a task is, when it runs, its versions, and its code as a file',
        role: 'trader',
        options: { task: taskOption },
        example: '/task show morning',
        run: async (context, { task: name }) => showReply(context, name),
      }),
      add: action({
        description: 'Add a script as a task; its first comment says when it runs',
        // Its code runs on the machine of the desk.
        role: 'admin',
        acts: true,
        example: '/task add',
        options: codeFileOptions('The script', 'morning'),
        confirm: async ({ desk, times }, { file, name }) => {
          const added = newCode(file, name);
          return addQuestion(added.name, await desk.tasks.preview(added), times);
        },
        run: async ({ desk, caller }, { file, name }) => {
          const added = await desk.tasks.add(newCode(file, name), caller.name);
          return {
            tone: 'success',
            title: `${added.name} is added, version ${added.version}`,
            buttons: [buttonFor('Run now', 'run', added.name), buttonFor('Show', 'show', added.name)],
          };
        },
      }),
      run: action({
        description: 'Run a task once, now; its own times stay',
        role: 'admin',
        acts: true,
        options: { task: taskOption },
        example: '/task run morning',
        async *run({ desk, caller, signal }, { task: name }) {
          const report = yield* progressOf((tell) =>
            desk.tasks.run(name, { by: caller.name, signal, onProgress: tell }),
          );
          return runReply(report);
        },
      }),
      schedule: action({
        description: 'When a task runs, as crontab lines',
        role: 'admin',
        acts: true,
        example: '/task schedule morning 0 9 * * mon-fri',
        options: {
          task: taskOption,
          times: {
            type: 'string',
            description:
              'minute hour day month weekday; several with ; between. none: by hand, file: as the script says',
            required: true,
            rest: true,
            example: '0 9 * * mon-fri',
          },
        },
        run: async (context, { task: name, times }) =>
          changedReply(await context.desk.tasks.change(name, { schedule: times }), context.times),
      }),
      zone: action({
        description: 'In which time zone the times of a task are meant',
        role: 'admin',
        acts: true,
        example: '/task zone morning America/New_York',
        options: {
          task: taskOption,
          timezone: { type: 'string', description: 'Zone', required: true, example: 'America/New_York' },
        },
        run: async ({ desk, times }, { task: name, timezone }) =>
          changedReply(await desk.tasks.change(name, { timezone }), times),
      }),
      notify: action({
        description: 'When chat is told how a task ended',
        role: 'admin',
        acts: true,
        example: '/task notify morning error',
        options: {
          task: taskOption,
          when: {
            type: 'choice',
            description: 'After each run, on errors, or never',
            choices: notifyLevels,
            required: true,
          },
        },
        run: async ({ desk, times }, { task: name, when }) =>
          changedReply(await desk.tasks.change(name, { notify: when }), times),
      }),
      enable: action({
        description: 'Let a task run at its times',
        role: 'admin',
        acts: true,
        options: { task: taskOption },
        example: '/task enable morning',
        run: async ({ desk, times }, { task: name }) => {
          const changed = await desk.tasks.setEnabled(name, true);
          return { tone: 'success', title: `${changed.name} is enabled`, text: settingsText(changed, times) };
        },
      }),
      disable: action({
        description: 'Let the times of a task go by; by hand it still runs',
        role: 'admin',
        acts: true,
        options: { task: taskOption },
        example: '/task disable morning',
        run: async ({ desk }, { task: name }) => {
          const changed = await desk.tasks.setEnabled(name, false);
          return { tone: 'warning', title: `${changed.name} is disabled` };
        },
      }),
      history: action({
        description: 'The newest runs, and how each ended',
        role: 'viewer',
        ofWholeDesk: true,
        example: '/task history morning',
        options: {
          task: { ...taskOption, description: 'Only runs of this task', required: false },
          limit: { type: 'integer', description: 'How many; 10 without it', min: 1, max: 100 },
        },
        run: async ({ desk, times }, { task: name, limit = 10 }) =>
          historyReply(await desk.tasks.history({ limit, ...(name !== undefined && { task: name }) }), times),
      }),
      log: action({
        description: 'All that a run printed, with the files that it left',
        role: 'trader',
        example: '/task log morning',
        options: { task: taskOption, run: runOption },
        run: async ({ desk }, { task: name, run }) => {
          const [newest] = await desk.tasks.history({ task: name, limit: 1 });
          const id = run ?? newest?._id;
          if (id === undefined) return { text: rich`${bold(name)} has not run yet.` };
          return runReply(await desk.tasks.runReport(id));
        },
      }),
      download: action({
        description: 'The code of a task as a file, also of an earlier version',
        role: 'trader',
        example: '/task download morning 1',
        options: {
          task: taskOption,
          version: codeVersionOption,
        },
        run: async ({ desk }, { task: name, version }) =>
          codeReply(await desk.tasks.source(name, version), version),
      }),
      delete: action({
        description: 'Take a task that was sent in off the list; its versions and its history stay',
        role: 'admin',
        acts: true,
        example: '/task delete morning morning',
        options: {
          task: taskOption,
          again: { ...againOption, example: 'morning' },
        },
        run: async ({ desk }, { task: name, again }) => {
          mustBeSame(name, again);
          const deleted = await desk.tasks.delete(name);
          return {
            tone: 'success',
            text: rich`${bold(deleted)} is deleted. Its versions can still be downloaded.`,
          };
        },
      }),
    },
  },
});

function changedReply(changed: TaskReport, times: Times): Reply {
  return { tone: 'success', title: changed.name, text: settingsText(changed, times) };
}

function addQuestion(name: string, { settings, next, replaces }: TaskPreview, times: Times): Content {
  return {
    title: replaces ? `Replace ${name}, version ${replaces.version}?` : `Add ${name}?`,
    text: [
      ...(settings.doc === '' ? [] : [`${settings.doc}\n`]),
      ...timesText(settings),
      ...(next.length > 0 ? [`\nNext: ${next.map((moment) => times.minute(moment)).join(', ')}.`] : []),
      ...(replaces
        ? [`\nIt takes the place of what ${replaces.by} sent in on ${replaces.addedAt.slice(0, 10)}.`]
        : []),
      '\nIt runs on the machine of the desk, and can reach the network.',
    ],
  };
}

type Settings = Exclude<TaskReport['settings'], { readonly problem: string }>;

function timesText({ schedule, timezone, notify, enabled }: Settings): RichText {
  const told = {
    never: 'Chat is not told.',
    error: 'Chat is told of errors.',
    always: 'Chat is told always.',
  };
  if (schedule.length === 0) return ['It runs only by hand: /task run.'];
  return [
    ...rich`At ${code(schedule.join('; '))} in ${timezone}. ${told[notify]}`,
    ...(enabled ? [] : [' It is disabled: /task enable.']),
  ];
}

function settingsText({ settings, nextRunAt, changed }: TaskReport, times: Times): RichText {
  if ('problem' in settings) return [`⚠️ ${settings.problem}`];
  return [
    ...timesText(settings),
    ...(nextRunAt ? [`\nNext: ${times.minute(nextRunAt)}.`] : []),
    ...(changed
      ? ['\nThis was changed in chat; /task schedule … file goes back to what the script says.']
      : []),
  ];
}

function listReply(tasks: readonly TaskReport[], times: Times): Reply {
  if (tasks.length === 0) return { text: ['There are no tasks. /task add takes a script as a file.'] };
  return {
    title: 'Tasks',
    tone: tasks.some(({ settings, lastRun }) => 'problem' in settings || lastRun?.state === 'failed')
      ? 'warning'
      : 'info',
    text: tasks.flatMap(
      ({ name, settings, nextRunAt, lastRun }): RichText => [
        ...rich`${bold(name)}  ${whenText(settings, nextRunAt, times)}\n`,
        ...('problem' in settings || settings.doc === '' ? [] : [`${settings.doc}\n`]),
        ...(lastRun ? [`${outcomeText(lastRun, times)}\n`] : []),
      ],
    ),
  };
}

function whenText(settings: TaskReport['settings'], nextRunAt: Date | null, times: Times): string {
  if ('problem' in settings) return `⚠️ ${settings.problem}`;
  if (nextRunAt) return `next ${times.minute(nextRunAt)}`;
  return settings.enabled ? 'by hand' : 'disabled';
}

async function showReply({ desk, times }: CommandContext, name: string): Promise<Reply> {
  const report = await desk.tasks.show(name);
  const source = await desk.tasks.source(name);
  const { settings, lastRun, versions } = report;
  return {
    title: report.name,
    text: [
      ...('problem' in settings || settings.doc === '' ? [] : [`${settings.doc}\n`]),
      ...settingsText(report, times),
      ...(lastRun ? [`\n${outcomeText(lastRun, times)}`] : []),
    ],
    attachments: [codeAttachment(source)],
    buttons: [buttonFor('Run now', 'run', report.name)],
    ...versionsTable(versions, times),
  };
}

const marks: Readonly<Record<TaskRun['state'], string>> = {
  running: '⏳',
  done: '✅',
  failed: '⛔',
  cancelled: '⚠️',
  missed: '⚠️',
};

function outcomeText({ state, reason, startedAt, finishedAt, by }: TaskRun, times: Times): string {
  const when = `${times.minute(startedAt)} by ${by}`;
  if (state === 'running') return `${marks.running} runs since ${when}`;
  const seconds = finishedAt === null ? 0 : (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
  const length = state === 'missed' ? '' : `, ${seconds.toFixed(1)} s`;
  return `${marks[state]} ${state}, ${when}${length}${reason === null ? '' : `: ${reason}`}`;
}

function historyReply(runs: readonly TaskRun[], times: Times): Reply {
  const [newest] = runs;
  if (!newest) return { text: ['No task has run yet.'] };
  return {
    title: 'Runs of tasks',
    text: runs.flatMap((run): RichText => [...rich`${code(run._id)}\n`, `${outcomeText(run, times)}\n`]),
    buttons: [
      {
        label: 'Log of the newest',
        command: ['task', 'log'],
        options: { task: newest.task, run: newest._id },
      },
    ],
  };
}

function runReply({ run, output, files }: TaskRunReport): Reply {
  const isLong = output.length > run.output.length;
  const printed = (isLong ? run.output : output).trimEnd();
  return {
    title: `Task ${run.task}: ${run.state}`,
    tone: run.state === 'done' ? 'success' : run.state === 'failed' ? 'danger' : 'warning',
    text: [
      ...(run.reason === null ? [] : [`${run.reason}\n`]),
      printed === '' ? 'It printed nothing.' : block(printed),
      ...(isLong ? ['\nAll that it printed is in the file.'] : []),
      ...run.left.map((line) => `\nNot sent: ${line}.`),
      ...rich`\n${code(run._id)} by ${run.by}.`,
    ],
    attachments: isLong ? [...files, printedFile(run.task, output)] : files,
  };
}

function printedFile(task: string, output: string): Attachment {
  return { name: `${task}-printed.txt`, type: 'text/plain', data: new TextEncoder().encode(output) };
}

function buttonFor(label: string, word: string, name: string) {
  return { label, command: ['task', word], options: { task: name } };
}
