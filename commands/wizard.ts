/** How a wizard goes on: what is asked next, what may be answered, and whether an answer is one. */
import { UserError } from '../engine/errors.ts';
import {
  type Answers,
  type CommandContext,
  type OptionSet,
  suggestionsOf,
  type Wizard,
  type WizardStep,
} from './command.ts';
import { type ParsedValue, parseOption, type RawValue } from './options.ts';

/** How far somebody has got. */
export interface WizardProgress {
  /** By option, as typed and checked. */
  readonly answers: Readonly<Record<string, RawValue>>;
  /** Options that were passed over. */
  readonly skipped: readonly string[];
}

/** Most questions of one page: what Discord puts into one form. */
export const mostOnPage = 5;

/** Every question that is to be asked by what was answered so far, those answered already among them. */
export function stepsOf(wizard: Wizard, progress: WizardProgress): Wizard {
  return wizard.filter((step) => applies(step, progress) === 'yes');
}

/**
 * The questions that come next, `most` at once; none when everything is answered. Where it depends on an answer of the same
 * page whether something is asked, it waits for the next page.
 */
export function nextSteps(wizard: Wizard, progress: WizardProgress, most: number): Wizard {
  const open = wizard.filter((step) => !isAnswered(step.option, progress));
  const page: WizardStep[] = [];
  for (const step of open) {
    const applicable = applies(step, progress);
    if (applicable === 'no') continue;
    const waits = step.onlyIf && page.some(({ option }) => option === step.onlyIf?.option);
    if (waits || page.length === most) break;
    if (applicable === 'yes') page.push(step);
  }
  return page;
}

/** The values from which the answer is chosen; undefined where it is typed. */
export async function choicesOf(
  { option: name, onlySuggested = false }: WizardStep,
  options: OptionSet,
  context: CommandContext,
): Promise<readonly string[] | undefined> {
  const option = options[name];
  if (option?.type === 'choice') return option.choices;
  if (option?.type === 'boolean') return ['yes', 'no'];
  if (!onlySuggested || !option?.suggest) return undefined;
  return (await suggestionsOf(option, context, '', {})).map(({ value }) => value);
}

/**
 * The answer as the command takes it.
 * @throws UserError in one line when it is none
 */
export async function checkAnswer(
  step: WizardStep,
  options: OptionSet,
  context: CommandContext,
  { text, answers }: { readonly text: string; readonly answers: WizardProgress['answers'] },
): Promise<ParsedValue> {
  const { option: name, onlySuggested = false } = step;
  const option = options[name];
  if (!option) throw new Error(`the wizard asks for "${name}", which is no option`);
  const value = parseOption(name, option, text);
  const choices = onlySuggested ? await choicesOf(step, options, context) : undefined;
  if (choices && !choices.includes(String(value))) {
    throw new UserError(`${name} must be one of ${choices.join(', ') || '(there is none)'}, not "${text}".`);
  }
  await step.check?.(context, value, parsedAnswers(answers, options));
  return value;
}

/** What the offered answer is, as it would be typed. */
export async function defaultOf(
  { default: offered }: WizardStep,
  options: OptionSet,
  context: CommandContext,
  answers: WizardProgress['answers'],
): Promise<string | undefined> {
  return typeof offered === 'function' ? await offered(context, parsedAnswers(answers, options)) : offered;
}

function parsedAnswers(answers: WizardProgress['answers'], options: OptionSet): Answers<OptionSet> {
  const parsed = Object.entries(answers).flatMap(([name, raw]) => {
    const option = options[name];
    return option ? [[name, parseOption(name, option, raw)] as const] : [];
  });
  return Object.fromEntries(parsed) as Answers<OptionSet>;
}

function isAnswered(option: string, { answers, skipped }: WizardProgress): boolean {
  return Object.hasOwn(answers, option) || skipped.includes(option);
}

/** `later`: that hangs on a question that is still open. */
function applies({ onlyIf }: WizardStep, progress: WizardProgress): 'yes' | 'no' | 'later' {
  if (!onlyIf) return 'yes';
  const { option, is } = onlyIf;
  if (!isAnswered(option, progress)) return 'later';
  const answer = progress.answers[option];
  if (answer === undefined) return 'no';
  return is === 'answered' || is.includes(String(answer)) ? 'yes' : 'no';
}
