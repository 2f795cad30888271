/**
 * A task: a script of the user's with the times at which it runs, and what chat is told of it. What a script says about
 * itself stands in the comment at its beginning, and can be changed in chat.
 */
import path from 'node:path';
import { reasonOf, UserError } from '../errors.ts';
import { nextRun } from '../jobs/recurrence.ts';

/** When chat is told how a run at the task's own times ended. */
export const notifyLevels = ['never', 'error', 'always'] as const;
export type TaskNotify = (typeof notifyLevels)[number];

export interface TaskSettings {
  /** Crontab lines, each of five fields, or six with seconds first; none: it runs only by hand. */
  readonly schedule: readonly string[];
  /** IANA zone in which the schedule is meant. */
  readonly timezone: string;
  readonly notify: TaskNotify;
  /** A task that is not enabled lets its times go by. */
  readonly enabled: boolean;
}

export interface TaskHeader extends TaskSettings {
  /** The first sentence about it. */
  readonly doc: string;
}

const usual: TaskSettings = { schedule: [], timezone: 'UTC', notify: 'always', enabled: true };

/**
 * What the comment at the beginning of a script says: `@schedule`, `@timezone`, `@notify`, `@enabled`, each on a line.
 * @throws UserError with the line that is wrong
 */
export function readHeader(source: string, file: string): TaskHeader {
  const found = { ...usual };
  const words: string[] = [];
  for (const { text, line } of commentLines(source)) {
    const [, tag, value = ''] = /^@(schedule|timezone|notify|enabled)\b\s*(.*)$/.exec(text) ?? [];
    if (tag === undefined) {
      if (!text.startsWith('@')) words.push(text);
      continue;
    }
    try {
      Object.assign(found, readTag(tag, value.trim()));
      if (tag === 'schedule' || tag === 'timezone') checkTimes(found);
    } catch (error) {
      throw new UserError(`${path.basename(file)} line ${line}: ${reasonOf(error)}`, { cause: error });
    }
  }
  const text = words.join(' ').trim();
  return { ...found, doc: /^.*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text };
}

/**
 * A schedule as it is typed: crontab lines with `;` between them.
 * @throws UserError for what is no crontab line, or no time zone
 */
export function readSchedule(text: string, timezone: string): readonly string[] {
  const schedule = text
    .split(';')
    .map((cron) => crontab(cron))
    .filter((cron) => cron !== '');
  checkTimes({ schedule, timezone });
  return schedule;
}

/** The next moments at which it runs, the earliest first. */
export function nextMoments(
  { schedule, timezone }: Pick<TaskSettings, 'schedule' | 'timezone'>,
  after: Date,
  count: number,
): readonly Date[] {
  const moments = new Set<number>();
  for (const cron of schedule) {
    let moment = after;
    for (let each = 0; each < count; each++) {
      moment = nextRun({ cron, timezone }, moment);
      moments.add(moment.getTime());
    }
  }
  return [...moments]
    .sort((a, b) => a - b)
    .slice(0, count)
    .map((moment) => new Date(moment));
}

/** @throws UserError for what is no crontab line, or no time zone */
function checkTimes({ schedule, timezone }: Pick<TaskSettings, 'schedule' | 'timezone'>): void {
  const now = new Date();
  for (const cron of schedule.length > 0 ? schedule : ['0 0 * * *']) nextRun({ cron, timezone }, now);
}

/**
 * A week that ends with Sunday by its name (`fri-sun`) ends with its other number, 7: in crontab(5) both 0 and 7 are
 * Sunday, and a range goes upwards.
 */
function crontab(text: string): string {
  const fields = text.trim().split(/\s+/);
  const last = fields.length - 1;
  return fields.map((field, index) => (index === last ? field.replace(/-sun\b/gi, '-7') : field)).join(' ');
}

function readTag(tag: string, value: string): Partial<TaskSettings> {
  switch (tag) {
    case 'schedule':
      return {
        schedule: value
          .split(';')
          .map(crontab)
          .filter((cron) => cron !== ''),
      };
    case 'timezone':
      return { timezone: value };
    case 'notify': {
      const notify = notifyLevels.find((level) => level === value);
      if (notify) return { notify };
      throw new UserError(`"${value}" is not ${notifyLevels.join(', ')}.`);
    }
    default:
      if (value === 'true' || value === 'false') return { enabled: value === 'true' };
      throw new UserError(`"${value}" is not true or false.`);
  }
}

/** The lines of the comments before any code, without what makes them comments. */
function* commentLines(source: string): Generator<{ readonly text: string; readonly line: number }> {
  let inBlock = false;
  for (const [index, raw] of source.split('\n').entries()) {
    let text = raw.trim();
    if (index === 0 && text.startsWith('#!')) continue;
    if (!inBlock && text.startsWith('//')) {
      yield { text: text.slice(2).trim(), line: index + 1 };
      continue;
    }
    if (!inBlock && text === '') continue;
    if (!inBlock && !text.startsWith('/*')) return;
    if (!inBlock) text = text.replace(/^\/\*+/, '');
    const end = text.indexOf('*/');
    inBlock = end < 0;
    const inside = (inBlock ? text : text.slice(0, end)).trim().replace(/^\*\s?/, '');
    if (inside !== '') yield { text: inside.trim(), line: index + 1 };
  }
}
