/**
 * The one idea that carries the chat side: a command is defined once, and the Discord and Telegram registrations,
 * `/help`, the console's completion and the docs table all follow from the definition.
 *
 * A command file holds one `defineCommand({...})`, with no word of any platform; add it to `index.ts` and it exists.
 */
import type { Desk } from '../engine/desk.ts';
import type { Content, Progress, Reply, Visibility } from './reply.ts';
import type { Role } from './role.ts';
import type {
  AliasesOfDesk,
  Asker,
  AuditTrail,
  DigestsOfDesk,
  LogBook,
  MailOfDesk,
  NoticesOfDesk,
  PeopleOfDesk,
  Reach,
  SettingsOfDesk,
  ZonesOfDesk,
} from './running.ts';
import type { Times } from './times.ts';
import type { FileRules, UploadedFile } from './uploaded-file.ts';

export { mayAct, type Role, roles } from './role.ts';

/** Headings of `/help`, in this order. */
export const groups = [
  'Overview',
  'Money',
  'Trading',
  'Books',
  'Signals',
  'Backtests',
  'Plans',
  'Data',
  'Running',
] as const;
export type Group = (typeof groups)[number];

/** The person who asked, as the desk knows them. */
export interface Caller {
  readonly name: string;
  readonly role: Role;
  /** Beyond these books and accounts they see and do nothing; without it they are not limited. */
  readonly reach?: Reach;
}

/** The process around the engine: what commands need of it that is not trading. */
export interface Host {
  readonly version: string;
  readonly environment: string;
  readonly startedAt: Date;
  /** Every chat platform of the configuration with its state, and why it is not ready. */
  platforms(): readonly { name: string; state: string; since: Date; why?: string }[];
  /** Where alerts are received, or why they are not. */
  webhook(): string;
  /** Every command there is, for `/help`. */
  readonly commands: readonly Command[];
  /** Begins an orderly stop; the reply to the command still goes out. */
  terminate(by: string): void;
  /** The same, and then the desk starts anew. */
  restart(by: string): void;
  readonly people: PeopleOfDesk;
  readonly settings: SettingsOfDesk;
  readonly notices: NoticesOfDesk;
  readonly digests: DigestsOfDesk;
  readonly mail: MailOfDesk;
  readonly zones: ZonesOfDesk;
  readonly audit: AuditTrail;
  readonly log: LogBook;
  readonly aliases: AliasesOfDesk;
}

export interface CommandContext {
  readonly desk: Desk;
  readonly host: Host;
  readonly caller: Caller;
  readonly asker: Asker;
  /** Writes moments by the clock of whoever reads the answer. */
  readonly times: Times;
  /** Names what was asked for, once: a confirmation that is pressed twice has one name. */
  readonly request: string;
  /** Aborts when the user presses Cancel, or the desk stops. */
  readonly signal: AbortSignal;
}

/** A value to offer, by a name that says what it is where the value is only an id. */
export interface Suggestion {
  readonly value: string;
  readonly name: string;
}

type Suggested = readonly (string | Suggestion)[];
/** `given`: what the command has already, by option. */
type Suggest = (
  context: CommandContext,
  typed: string,
  given: Readonly<Record<string, unknown>>,
) => Promise<Suggested> | Suggested;

interface OptionBase {
  readonly description: string;
  readonly required?: boolean;
  /** Shown in help and used by it as an example, such as `SP500`. */
  readonly example?: string;
  /** Values to offer while the user types. */
  readonly suggest?: Suggest;
  /** What its value names, where that is not what the option is called: somebody who is limited to books is held to it. */
  readonly concerns?: Concern;
}

/** What people can be limited to, and what belongs to it. */
export type Concern =
  | 'book'
  | 'account'
  | 'plan'
  | 'signal'
  | 'difference'
  | 'order'
  | 'operation'
  | 'trade'
  | 'run';

export interface StringOption extends OptionBase {
  readonly type: 'string';
  /** Takes all remaining words of a typed command. Only for the last option. */
  readonly rest?: boolean;
}
export interface NumberOption extends OptionBase {
  readonly type: 'number' | 'integer';
  readonly min?: number;
  readonly max?: number;
}
export interface BooleanOption extends OptionBase {
  readonly type: 'boolean';
}
export interface ChoiceOption<C extends string = string> extends OptionBase {
  readonly type: 'choice';
  readonly choices: readonly C[];
}
/** `2020-01-31`; given to the command as midnight UTC. */
export interface DateOption extends OptionBase {
  readonly type: 'date';
}
/** `fast=10 slow=30`: on a typed command, every `name=value` that no other option takes. */
export interface PairsOption extends OptionBase {
  readonly type: 'pairs';
}
/** A text file that is sent along with the command; at the terminal it is named by its path. */
export interface FileOption extends OptionBase, FileRules {
  readonly type: 'file';
}
export type Option =
  | StringOption
  | NumberOption
  | BooleanOption
  | ChoiceOption
  | DateOption
  | PairsOption
  | FileOption;

export type OptionSet = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> =
  O extends ChoiceOption<infer C>
    ? C
    : O extends NumberOption
      ? number
      : O extends BooleanOption
        ? boolean
        : O extends DateOption
          ? Date
          : O extends PairsOption
            ? Readonly<Record<string, string>>
            : O extends FileOption
              ? UploadedFile
              : string;

/** What `run` receives for a set of options: required ones are there, others may be missing. */
export type OptionValues<S extends OptionSet> = {
  readonly [K in keyof S as S[K] extends { required: true } ? K : never]: ValueOf<S[K]>;
} & {
  readonly [K in keyof S as S[K] extends { required: true } ? never : K]?: ValueOf<S[K]>;
};

/** What a wizard was answered so far, as the command itself would get it. */
export type Answers<S extends OptionSet> = Partial<OptionValues<S>>;

interface StepAbout<S extends OptionSet, K extends keyof S & string> {
  readonly option: K;
  /** As a person is asked, in at most 100 letters. The option's own example goes with it. */
  readonly question: string;
  /** Asked only if an earlier question was answered with one of these, or answered at all. */
  readonly onlyIf?: { readonly option: keyof S & string; readonly is: readonly string[] | 'answered' };
  /** What is offered as the answer, as it would be typed. */
  readonly default?:
    | string
    | ((context: CommandContext, answers: Answers<S>) => Promise<string | undefined> | string | undefined);
  /** Only what the option suggests may be answered: then it is chosen, and not typed. */
  readonly onlySuggested?: boolean;
  /** What the option's own rules do not say. @throws UserError in one line, and the question is asked again */
  check?(context: CommandContext, value: ValueOf<S[K]>, answers: Answers<S>): Promise<void> | void;
}

export type WizardStep<S extends OptionSet = OptionSet> = {
  readonly [K in keyof S & string]: StepAbout<S, K>;
}[keyof S & string];

/**
 * The questions, in their order, by which a long command asks for what is not given. Options without one can still be given
 * when the command is typed in full.
 */
export type Wizard<S extends OptionSet = OptionSet> = readonly WizardStep<S>[];

/** A reply, or progress and in the end a reply. */
export type Outcome = Promise<Reply> | AsyncGenerator<Progress, Reply>;

/** What a command does: the part that a command without subcommands and each subcommand have in common. */
export interface Action<S extends OptionSet = OptionSet> {
  readonly description: string;
  readonly role: Role;
  /** Required ones first: typed commands take them by position. */
  readonly options: S;
  /** Who sees the answer in a group; `everyone` where not given. */
  readonly visibility?: Visibility;
  /** A complete typed example: `/backtest sma_cross SP500`. */
  readonly example?: string;
  /** What it shows belongs to no book or account: it is beyond anybody who is limited to some. */
  readonly ofWholeDesk?: boolean;
  /** Changes money or state: refused when it waited while the desk was away, and written to the audit in full. */
  readonly acts?: boolean;
  /** Answered also for people who are not on the desk's list, as long as nobody is on it. */
  readonly strangers?: boolean;
  /** Names of the options that hold a secret this time: they are shown and stored nowhere, and deleted from the chat. */
  secrets?(context: CommandContext, options: OptionValues<S>): readonly string[];
  /** The command line that is performed in place of this one, under its own role and confirmation; undefined: `run`. */
  standsFor?(context: CommandContext, options: OptionValues<S>): string | undefined;
  /** Asks for what is not given, one question after another. Not for options that hold secrets. */
  readonly wizard?: Wizard<S>;
  /** What will happen, shown with Confirm and Cancel before `run`. Nothing may be changed here. */
  confirm?(context: CommandContext, options: OptionValues<S>): Promise<Content> | Content;
  run(context: CommandContext, options: OptionValues<S>): Outcome;
}

export interface Command {
  /** `^[a-z0-9_]{1,32}$`: what Discord and Telegram both accept. */
  readonly name: string;
  readonly description: string;
  readonly group: Group;
  /** The command itself, or its subcommands by name. */
  readonly body: { readonly action: Action } | { readonly subcommands: Readonly<Record<string, Action>> };
}

/** Types an action's `run` and `confirm` by its options. */
export function action<const S extends OptionSet>(definition: Action<S>): Action {
  // The router parses options by the same set before it calls `run`, so what arrives has the narrower type.
  return definition as unknown as Action;
}

export function defineCommand(command: Command): Command {
  return command;
}

/** What an option offers while somebody types; nothing where it has nothing to offer. */
export async function suggestionsOf(
  { suggest }: Pick<OptionBase, 'suggest'>,
  context: CommandContext,
  typed: string,
  given: Readonly<Record<string, unknown>>,
): Promise<readonly Suggestion[]> {
  const suggested = (await suggest?.(context, typed, given)) ?? [];
  return suggested.map((each) => (typeof each === 'string' ? { value: each, name: each } : each));
}

/** All actions of a command with their words: `[['book', 'list'], ...]`. */
export function actionsOf(
  command: Command,
): readonly { readonly words: readonly string[]; readonly action: Action }[] {
  if ('action' in command.body) return [{ words: [command.name], action: command.body.action }];
  return Object.entries(command.body.subcommands).map(([name, action]) => ({
    words: [command.name, name],
    action,
  }));
}

/** How it is typed: `/backtest strategy symbols [cash=…]`. */
export function usageOf(words: readonly string[], { options }: Action): string {
  const parts = Object.entries(options).map(([name, option]) => (option.required ? name : `[${name}=…]`));
  return [`/${words.join(' ')}`, ...parts].join(' ');
}
