/** What the three floors have in common: the same people, the same desk, and how an answer is waited for. */
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { commands } from '../../../commands/index.ts';
import { resolveCommand } from '../../../commands/options.ts';
import type { Tone } from '../../../commands/reply.ts';
import { parseTyped } from '../../../commands/typed.ts';
import type { Clock } from '../../../engine/clock.ts';
import type { TestDesk } from '../../support/desk.ts';
import { memoryFolder } from '../../support/memory-folder.ts';
import type { Answer, Expected, Person } from '../scripts/script.ts';

export type PersonName = 'ann' | 'tom' | 'vera';
export const roleOf = { ann: 'admin', tom: 'trader', vera: 'viewer' } as const;

/** A desk with its people, on one platform. */
export interface Floor {
  readonly desk: TestDesk;
  readonly people: Readonly<Record<PersonName, Person>>;
  /** Words of every command that was typed. */
  readonly typed: ReadonlySet<string>;
  readonly clock: AheadClock;
  /** What the platform would have refused of all that the desk sent. */
  refusals(): readonly string[];
  close(): Promise<void>;
}

/** The system's time, and as much more as a test lets pass. */
export class AheadClock implements Clock {
  #aheadMs = 0;

  now(): Date {
    return new Date(Date.now() + this.#aheadMs);
  }

  advance(ms: number): void {
    this.#aheadMs += ms;
  }
}

/** A folder for one floor, with what removes it. */
export async function floorFolder(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await memoryFolder('outcry-floor-');
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The words of the command that a line begins with. */
export function wordsOf(line: string): string {
  return resolveCommand(parseTyped(line).positional, commands).words.join(' ');
}

/** An answer as a platform's people see it now, with what cannot be said of all platforms alike. */
export interface Sight extends Answer {
  /** Undefined where the platform does not say it. */
  readonly tone?: Tone;
  readonly forMeAlone?: boolean;
  /** What is told meanwhile stands among it, and may bring files of its own. */
  readonly amongOthers?: boolean;
  /** Whether a field stands there as the platform shows fields. */
  hasField(name: string, value: string | RegExp): boolean;
}

const patienceMs = 45_000;

/**
 * Waits until one of the answers in sight is as expected.
 * @throws with what is missing in the newest one
 */
export async function seen(look: () => readonly Sight[], expected: Expected, what: string): Promise<Answer> {
  const begun = performance.now();
  for (;;) {
    const inSight = look();
    const fitting = inSight.find((sight) => faultsOf(sight, expected).length === 0);
    if (fitting) return fitting;
    if (performance.now() - begun > patienceMs) {
      const newest = inSight.at(-1);
      const faults = newest ? faultsOf(newest, expected) : ['there is no answer'];
      throw new Error(`${what}:\n- ${faults.join('\n- ')}\nIt was answered:\n${describe(newest)}`);
    }
    await delay(10);
  }
}

function describe(sight: Sight | undefined): string {
  if (!sight) return '(nothing)';
  const files = sight.files.map(({ name, shownAs }) => `${name} as ${shownAs}`).join(', ');
  return `${sight.text}\nfiles: ${files || 'none'}\nbuttons: ${sight.buttons.join(', ') || 'none'}`;
}

function faultsOf(sight: Sight, expected: Expected): string[] {
  const { shows = [], lacks = [], fields = {}, files, brings, buttons, tone, forMeAlone = false } = expected;
  const has = (wanted: string | RegExp) =>
    typeof wanted === 'string' ? sight.text.includes(wanted) : wanted.test(sight.text);
  const faults: string[] = [];
  const check = (right: boolean, fault: string) => {
    if (!right) faults.push(fault);
  };
  check(sight.text.trim() !== '' || sight.files.length > 0, 'there is no answer');
  for (const wanted of shows) check(has(wanted), `it does not show ${wanted}`);
  for (const unwanted of lacks) check(!has(unwanted), `it shows ${unwanted}`);
  for (const [name, value] of Object.entries(fields))
    check(sight.hasField(name, value), `it has no field ${name}: ${value}`);
  if (brings !== undefined) {
    check(
      sight.files.some(({ name }) => name.endsWith(brings)),
      `it has no file ${brings}`,
    );
  }
  if (files) {
    const left = [...sight.files];
    for (const ending of files) {
      const at = left.findIndex(({ name }) => name.endsWith(ending));
      const [file] = at < 0 ? [] : left.splice(at, 1);
      check(file !== undefined, `it has no file ${ending}`);
      const wanted = ending.endsWith('.png') ? 'picture' : 'file';
      check(!file || file.shownAs === wanted, `${ending} is not shown as a ${wanted}`);
    }
    check(
      sight.amongOthers === true || left.length === 0,
      `it has further files: ${left.map(({ name }) => name).join(', ')}`,
    );
  }
  if (buttons)
    check(
      JSON.stringify(sight.buttons) === JSON.stringify(buttons),
      `its buttons are not ${buttons.join(', ')}`,
    );
  if (tone && sight.tone) check(sight.tone === tone, `its tone is ${sight.tone}, not ${tone}`);
  // Why something was not done concerns nobody else.
  if (sight.forMeAlone !== undefined && sight.tone !== 'danger')
    check(
      sight.forMeAlone === forMeAlone,
      forMeAlone ? 'others see it too' : 'only the asker sees it, though it is for everyone',
    );
  return faults;
}
