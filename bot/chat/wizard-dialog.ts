/**
 * The dialog of a wizard: its next question as a message with buttons, or its next page as a form, and what an answer, a
 * step back or a step over makes of what was answered so far.
 */
import {
  type CommandContext,
  type Option,
  usageOf,
  type Wizard,
  type WizardStep,
} from '../../commands/command.ts';
import type { RawValue, Resolved } from '../../commands/options.ts';
import { bold, code, type RichText, rich } from '../../commands/reply.ts';
import {
  checkAnswer,
  choicesOf,
  defaultOf,
  mostOnPage,
  nextSteps,
  stepsOf,
  type WizardProgress,
} from '../../commands/wizard.ts';
import { UserError } from '../../engine/errors.ts';
import { buttonKinds } from './buttons.ts';
import type { Form, FormField, Message, MessageButton } from './platform.ts';
import type { StoredWizard, Wizards } from './wizards.ts';

/** A press on one of its buttons: which wizard, at which step, and what it says. */
export interface WizardPress {
  readonly id: string;
  readonly revision: number;
  /** The number of a choice, or a word. */
  readonly word: string;
}

/** What comes next: something to ask, or everything is answered. */
export type Next =
  | {
      readonly kind: 'ask';
      readonly message: Message;
      /** The same as a form. */
      readonly form: Form;
    }
  | { readonly kind: 'complete'; readonly options: Readonly<Record<string, RawValue>> };

/** Answers by option, with what was wrong with the others. */
interface Taken {
  readonly record: StoredWizard;
  readonly problems: readonly string[];
}

/** More are not shown as buttons: they are typed. */
const mostButtons = 20;
const mostInMenu = 25;

export function wizardPress(buttonId: string): WizardPress | undefined {
  const [, id, revision, word] = /^q-([\w-]{16})-(\d+)-(\w+)$/.exec(buttonId) ?? [];
  if (id === undefined || revision === undefined || word === undefined) return undefined;
  return { id, revision: Number(revision), word };
}

export class WizardDialog {
  readonly #wizards: Wizards;

  constructor(wizards: Wizards) {
    this.#wizards = wizards;
  }

  /**
   * What is to be asked now.
   * @param forms whether several questions are asked at once
   */
  async next(
    record: StoredWizard,
    resolved: Resolved,
    context: CommandContext,
    { forms, note = [] }: { readonly forms: boolean; readonly note?: RichText },
  ): Promise<Next> {
    const wizard = wizardOf(resolved);
    const steps = nextSteps(wizard, progressOf(record), forms ? mostOnPage : 1);
    if (steps.length === 0) return { kind: 'complete', options: { ...record.given, ...record.answers } };
    const shown = await Promise.all(steps.map((step) => fieldOf(step, record, resolved, context)));
    const title = `/${resolved.words.join(' ')}`;
    const message = forms
      ? pageMessage(record, title, shown, note)
      : questionMessage(record, title, shown, positionText(record, wizard), note);
    const fields = shown.map(({ choices, ...field }): FormField => {
      const isMenu = choices !== undefined && choices.length > 0 && choices.length <= mostInMenu;
      return { ...field, ...(isMenu && { choices }) };
    });
    return { kind: 'ask', message, form: { id: buttonId(record, 'form'), title, fields } };
  }

  /** What was begun and not finished, with the choice to go on. */
  unfinished(record: StoredWizard, { words }: Resolved): Message {
    const answered = Object.entries(record.answers).map(([name, value]) => ({ name, value: String(value) }));
    return {
      title: `You have begun with /${words.join(' ')}`,
      text: [answered.length === 0 ? 'Nothing is answered yet.' : 'Answered so far:'],
      fields: answered,
      buttons: [
        button(record, 'go', 'Go on', 'primary'),
        button(record, 'anew', 'Start anew'),
        button(record, 'leave', 'Cancel'),
      ],
    };
  }

  /** Shown where everything was answered, and together it cannot be. */
  refused(record: StoredWizard, { words }: Resolved, reason: string): Message {
    return {
      tone: 'danger',
      title: `/${words.join(' ')}`,
      text: rich`${reason}\nNothing was done. Your answers are kept.`,
      buttons: [
        button(record, 'back', 'Change the last answers', 'primary'),
        button(record, 'anew', 'Start anew'),
        button(record, 'leave', 'Cancel'),
      ],
    };
  }

  /** The answer to the one question that stands there. @throws UserError when it is none: the question stays */
  async answer(
    record: StoredWizard,
    resolved: Resolved,
    context: CommandContext,
    text: string,
  ): Promise<Taken> {
    const [step] = nextSteps(wizardOf(resolved), progressOf(record), 1);
    if (!step) return { record, problems: [] };
    return this.#take(record, resolved, context, [{ step, text }]);
  }

  /** A form that was filled in; what is right in it is kept. */
  async fillIn(
    record: StoredWizard,
    resolved: Resolved,
    context: CommandContext,
    values: Readonly<Record<string, string>>,
  ): Promise<Taken> {
    const steps = nextSteps(wizardOf(resolved), progressOf(record), mostOnPage);
    const given = steps.map((step) => ({ step, text: values[step.option] ?? '' }));
    return this.#take(record, resolved, context, given);
  }

  /** A press on a choice, on what was offered, or on Skip. @throws UserError for a question that has passed */
  async choose(
    record: StoredWizard,
    resolved: Resolved,
    context: CommandContext,
    word: string,
  ): Promise<Taken> {
    const [step] = nextSteps(wizardOf(resolved), progressOf(record), 1);
    if (!step) return { record, problems: [] };
    const { choices = [], value } = await fieldOf(step, record, resolved, context);
    const text = word === 'skip' ? '' : word === 'use' ? value : choices[Number(word)];
    if (text === undefined) throw new UserError('There is no such choice any more. Type the answer.');
    return this.#take(record, resolved, context, [{ step, text }]);
  }

  /** The questions before these are asked again. */
  back(record: StoredWizard): Promise<StoredWizard> {
    const last = record.trail.at(-1) ?? [];
    const kept = Object.entries(record.answers).filter(([name]) => !last.includes(name));
    const drafts = last.flatMap((name) =>
      Object.hasOwn(record.answers, name) ? [[name, String(record.answers[name])] as const] : [],
    );
    return this.#wizards.change(record, {
      answers: Object.fromEntries(kept),
      skipped: record.skipped.filter((name) => !last.includes(name)),
      drafts: { ...record.drafts, ...Object.fromEntries(drafts) },
      trail: record.trail.slice(0, -1),
    });
  }

  async #take(
    record: StoredWizard,
    resolved: Resolved,
    context: CommandContext,
    given: readonly { readonly step: WizardStep; readonly text: string }[],
  ): Promise<Taken> {
    const { options } = resolved.action;
    const answers: Record<string, RawValue> = { ...record.answers };
    const skipped = [...record.skipped];
    const drafts: Record<string, string> = { ...record.drafts };
    const taken: string[] = [];
    const problems: string[] = [];
    for (const { step, text: typed } of given) {
      const { option: name } = step;
      const text = typed.trim();
      try {
        if (text === '' && options[name]?.required)
          throw new UserError(`${name} is needed: ${step.question}`);
        if (text === '') skipped.push(name);
        else {
          const before = { ...record.given, ...answers };
          await checkAnswer(step, options, context, { text, answers: before });
          answers[name] = text;
        }
        taken.push(name);
        delete drafts[name];
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        problems.push(error.message);
        drafts[name] = text;
      }
    }
    const trail = taken.length > 0 ? [...record.trail, taken] : record.trail;
    const changed = await this.#wizards.change(record, { answers, skipped, drafts, trail });
    return { record: changed, problems };
  }
}

/** The command in one line, as somebody would type it who knows it. */
export function inOneLine({ words }: Resolved, options: Readonly<Record<string, RawValue>>): RichText {
  const parts = Object.entries(options).map(([name, value]) => {
    const text = String(value);
    return `${name}=${/[\s"']/.test(text) ? `"${text.replaceAll('"', '”')}"` : text}`;
  });
  return rich`In one line: ${code([`/${words.join(' ')}`, ...parts].join(' '))}\n`;
}

interface ShownField extends FormField {
  readonly example: string | undefined;
  readonly description: string;
}

/** What was given with the command is answered, too. */
function progressOf({ given, answers, skipped }: StoredWizard): WizardProgress {
  return { answers: { ...given, ...answers }, skipped };
}

function wizardOf(resolved: Resolved): Wizard {
  const { words, action } = resolved;
  if (action.wizard) return action.wizard;
  throw new UserError(`/${words.join(' ')} does not ask any more. ${usageOf(words, action)}`);
}

async function fieldOf(
  step: WizardStep,
  record: StoredWizard,
  { action }: Resolved,
  context: CommandContext,
): Promise<ShownField> {
  const { option: name, question } = step;
  const option = optionNamed(name, action.options);
  const answers = progressOf(record).answers;
  const draft = record.drafts[name];
  const value =
    draft === undefined || draft === '' ? await defaultOf(step, action.options, context, answers) : draft;
  const choices = await choicesOf(step, action.options, context);
  return {
    name,
    question,
    example: option.example,
    description: option.description,
    required: option.required === true,
    ...(value !== undefined && { value }),
    ...(choices && { choices }),
  };
}

function optionNamed(name: string, options: Resolved['action']['options']): Option {
  const option = options[name];
  if (option) return option;
  throw new Error(`the wizard asks for "${name}", which is no option`);
}

function questionMessage(
  record: StoredWizard,
  title: string,
  [field]: readonly ShownField[],
  position: string,
  note: RichText,
): Message {
  if (!field) throw new Error('a wizard asked nothing');
  const { question, value, required, example } = field;
  const choices = (field.choices?.length ?? 0) <= mostButtons ? (field.choices ?? []) : [];
  const typed = choices.length === 0 && field.choices ? ` One of ${field.choices.join(', ')}.` : '';
  const hint = choices.length === 0 && example !== undefined ? ` For example ${example}.` : '';
  return {
    title: `${title} ${position}`,
    text: [...note, ...rich`${bold(question)}${typed}${hint}`],
    ...(note.length > 0 && { tone: 'warning' as const }),
    question: { choices: choices.length },
    buttons: [
      ...choices.map((choice, index) => button(record, String(index), choice, 'primary')),
      ...(value === undefined || choices.includes(value) ? [] : [button(record, 'use', `Use ${value}`)]),
      ...(required ? [] : [button(record, 'skip', 'Skip')]),
      ...(record.trail.length > 0 ? [button(record, 'back', 'Back')] : []),
      button(record, 'leave', 'Cancel'),
    ],
  };
}

/** Where a form can only be opened by a press. */
function pageMessage(
  record: StoredWizard,
  title: string,
  fields: readonly ShownField[],
  note: RichText,
): Message {
  return {
    title,
    text: [...note, ...fields.flatMap(({ name, question }) => rich`${bold(name)}: ${question}\n`)],
    ...(note.length > 0 && { tone: 'warning' as const }),
    buttons: [
      button(record, 'form', note.length > 0 ? 'Correct it' : 'Answer', 'primary'),
      ...(record.trail.length > 0 ? [button(record, 'back', 'Back')] : []),
      button(record, 'leave', 'Cancel'),
    ],
  };
}

function positionText(record: StoredWizard, wizard: Wizard): string {
  const all = stepsOf(wizard, progressOf(record)).filter(
    ({ option }) => !Object.hasOwn(record.given, option),
  );
  const before = all.filter(
    ({ option }) => Object.hasOwn(record.answers, option) || record.skipped.includes(option),
  );
  return `· ${before.length + 1} of ${all.length}`;
}

function button(
  record: StoredWizard,
  word: string,
  label: string,
  style: MessageButton['style'] = 'secondary',
): MessageButton {
  return { id: buttonId(record, word), label, style };
}

function buttonId({ _id, revision }: StoredWizard, word: string): string {
  return `${buttonKinds.wizard}${_id}-${revision}-${word}`;
}
