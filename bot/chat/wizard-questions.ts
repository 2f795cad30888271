/**
 * The way through a wizard: begun by a command that is not complete, then question by question as they are answered, filled in
 * or pressed, until the command itself is performed.
 */
import type { Command } from '../../commands/command.ts';
import { checkOptions, type ParsedValue, type Resolved, resolveCommand } from '../../commands/options.ts';
import type { Clock } from '../../engine/clock.ts';
import { UserError } from '../../engine/errors.ts';
import type { Performance } from './performance.ts';
import { mustBeAllowed } from './permission.ts';
import type { IncomingCommand, IncomingForm, Placement } from './platform.ts';
import type { ChatRequest } from './request.ts';
import { type RawOptions, spell, toRaw } from './spelling.ts';
import { inOneLine, WizardDialog, type WizardPress, wizardPress } from './wizard-dialog.ts';
import { answeredAlready, type StoredWizard, type Wizards } from './wizards.ts';

export interface WizardQuestionsParts {
  readonly commands: readonly Command[];
  readonly wizards: Wizards;
  readonly clock: Clock;
}

export class WizardQuestions {
  readonly #parts: WizardQuestionsParts;
  readonly #performance: Performance;
  readonly #dialog: WizardDialog;

  constructor(parts: WizardQuestionsParts, performance: Performance) {
    this.#parts = parts;
    this.#performance = performance;
    this.#dialog = new WizardDialog(parts.wizards);
  }

  /** The wizard whose question a text answers that is no command. */
  async asking(
    { user, input, files }: IncomingCommand,
    { caller }: ChatRequest,
  ): Promise<{ record: StoredWizard; text: string } | undefined> {
    if (input.kind !== 'typed' || input.text.trim().startsWith('/') || files?.attached) return undefined;
    const record = await this.#parts.wizards.asking(caller.name, user.platform);
    return record && { record, text: input.text };
  }

  async begin(request: ChatRequest, resolved: Resolved, options: Record<string, ParsedValue>): Promise<void> {
    const { clock, wizards } = this.#parts;
    const { name } = request.caller;
    const { words } = resolved;
    const given = toRaw(options);
    request.asked = spell(words, given);
    mustBeAllowed(request, resolved, clock);
    const before = await wizards.unfinished(name, words.join(' '));
    if (before && before.trail.length > 0 && Object.keys(given).length === 0) {
      await request.show(this.#dialog.unfinished(before, resolved), 'only-you');
      return request.audit(request.asked, 'asked', null);
    }
    const record = await wizards.begin(name, words.join(' '), given);
    await this.#askNext(request, resolved, record, { placement: 'only-you' });
  }

  async answer(request: ChatRequest, record: StoredWizard, text: string): Promise<void> {
    const resolved = this.#resolved(request, record);
    const taken = await this.#dialog.answer(record, resolved, request.context(), text);
    await this.#askNext(request, resolved, taken.record, { ...taken, placement: 'only-you' });
  }

  async fillIn(request: ChatRequest, { formId, values, onMessage }: IncomingForm): Promise<void> {
    const press = wizardPress(formId);
    if (!press) throw new UserError('This form belongs to no question of this desk. Type the command again.');
    const record = await this.#parts.wizards.get(press.id, request.caller.name);
    const resolved = this.#resolved(request, record);
    if (record.revision !== press.revision) throw new UserError(answeredAlready);
    const taken = await this.#dialog.fillIn(record, resolved, request.context(), values);
    const placement = onMessage ? 'in-place' : 'only-you';
    await this.#askNext(request, resolved, taken.record, { ...taken, placement });
  }

  async press(request: ChatRequest, { id, revision, word }: WizardPress): Promise<void> {
    const { wizards } = this.#parts;
    const record = await wizards.get(id, request.caller.name);
    const resolved = this.#resolved(request, record);
    const next = (changed: StoredWizard, problems: readonly string[] = []) =>
      this.#askNext(request, resolved, changed, { placement: 'in-place', problems });
    if (word === 'leave') {
      await wizards.forget(record.person, record.command);
      await request.show({ text: [`Cancelled: /${record.command} was not done.`] }, 'in-place');
      return request.audit(`/${record.command}`, 'cancelled', null);
    }
    if (word === 'go') return next(record);
    if (word === 'anew') return next(await wizards.begin(record.person, record.command, record.given));
    if (record.revision !== revision) throw new UserError(answeredAlready);
    if (word === 'form') return next(record);
    if (word === 'back') return next(await this.#dialog.back(record));
    const taken = await this.#dialog.choose(record, resolved, request.context(), word);
    return next(taken.record, taken.problems);
  }

  #resolved(request: ChatRequest, { command, answers }: StoredWizard): Resolved {
    const { words, action } = resolveCommand(command.split(' '), this.#parts.commands);
    request.asked = spell(words, answers);
    mustBeAllowed(request, { words, action }, this.#parts.clock);
    return { words, action };
  }

  /** Asks the next question; where there is none, the command itself comes, with its confirmation. */
  async #askNext(
    request: ChatRequest,
    resolved: Resolved,
    before: StoredWizard,
    { placement, problems = [] }: { placement: Placement; problems?: readonly string[] },
  ): Promise<void> {
    const { responder, from } = request;
    const forms = responder.openForm !== undefined;
    const askedOn = forms ? null : from.user.platform;
    const record =
      before.askedOn === askedOn ? before : await this.#parts.wizards.change(before, { askedOn });
    const asked = spell(resolved.words, { ...record.given, ...record.answers });
    request.asked = asked;
    const note = problems.map((problem) => `${problem}\n`);
    const next = await this.#dialog.next(record, resolved, request.context(), { forms, note });
    if (next.kind === 'complete')
      return this.#complete(request, resolved, record, { placement, options: next.options });
    // After a mistake a form would open without a word about it.
    const opened = problems.length === 0 && (await responder.openForm?.(next.form));
    if (!opened) await request.show(next.message, placement);
    await request.audit(asked, 'asked', problems.join(' ') || null);
  }

  async #complete(
    request: ChatRequest,
    resolved: Resolved,
    record: StoredWizard,
    { placement, options }: { placement: Placement; options: RawOptions },
  ): Promise<void> {
    const done =
      record.askedOn === null ? record : await this.#parts.wizards.change(record, { askedOn: null });
    try {
      const checked = checkOptions(resolved, options);
      const preface = inOneLine(resolved, options);
      await this.#performance.perform(request, resolved, checked, { placement, preface });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      await request.show(this.#dialog.refused(done, resolved, error.message), placement);
      await request.audit(request.asked ?? '', 'refused', error.message);
    }
  }
}
