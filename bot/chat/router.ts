/**
 * The router: who asks, may they, confirm, run, answer, audit. Every command and every press on every platform goes
 * through here, so what a command does can never depend on where it was typed.
 */
import { randomBytes } from 'node:crypto';
import {
  type Action,
  type Caller,
  type Command,
  type CommandContext,
  type Host,
  mayAct,
} from '../../commands/command.ts';
import {
  checkOptions,
  givenOptions,
  isComplete,
  type ParsedValue,
  parseGiven,
  parseTypedOptions,
  type Resolved,
  resolveCommand,
} from '../../commands/options.ts';
import type { Content, Progress, Reply, RichText } from '../../commands/reply.ts';
import type { Asker } from '../../commands/running.ts';
import { Times } from '../../commands/times.ts';
import { parseTyped } from '../../commands/typed.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Desk } from '../../engine/desk.ts';
import { reasonOf, UserError } from '../../engine/errors.ts';
import type { Logger } from '../../engine/log.ts';
import type { Vault } from '../config/vault.ts';
import type { Access } from './access.ts';
import type { Actions } from './actions.ts';
import type { Agreements } from './agreements.ts';
import type { Audit, AuditOutcome } from './audit.ts';
import { buttonKinds, withButtons } from './buttons.ts';
import type {
  ChatHandler,
  Choice,
  IncomingCommand,
  IncomingCompletion,
  IncomingFiles,
  IncomingForm,
  IncomingPress,
  Message,
  MessageButton,
  Placement,
  Responder,
} from './platform.ts';
import { checkReach, offerable } from './reach.ts';
import { describe, type RawOptions, spell, toRaw, without } from './spelling.ts';
import type { Uploads } from './uploads.ts';
import { inOneLine, WizardDialog, type WizardPress, wizardPress } from './wizard-dialog.ts';
import { answeredAlready, type StoredWizard, type Wizards } from './wizards.ts';

export interface RouterParts {
  readonly commands: readonly Command[];
  readonly desk: Desk;
  readonly host: Host;
  readonly access: Access;
  readonly actions: Actions;
  readonly agreements: Agreements;
  readonly wizards: Wizards;
  readonly uploads: Uploads;
  readonly audit: Audit;
  /** Encrypts the secrets of a command while its confirmation waits. */
  readonly vault: Pick<Vault, 'seal' | 'open'>;
  readonly clock: Clock;
  readonly log: Logger;
}

const confirmationLifetimeMs = 5 * 60_000;
/** A command that acts and waited longer than this while the desk was away is not run. */
const staleAfterMs = 2 * 60_000;
/** At most this often is progress shown. */
const progressPauseMs = 1_000;
const mostChoices = 25;

type Origin = IncomingCommand | IncomingPress | IncomingForm;

/** One request, known to come from this person, with everything that answering and auditing it needs. */
interface Request {
  readonly from: Origin;
  readonly caller: Caller;
  readonly responder: Responder;
  readonly startedAt: number;
  acknowledged: boolean;
  /** The command as it was understood, once it is. */
  asked?: string;
}

interface Understood {
  readonly resolved: Resolved;
  readonly options: Record<string, ParsedValue>;
}

/** Work that shows progress and may be cancelled. */
interface Work {
  readonly owner: string;
  readonly controller: AbortController;
  cancelledBy?: string;
}

export class Router implements ChatHandler {
  readonly #parts: RouterParts;
  readonly #dialog: WizardDialog;
  readonly #work = new Map<string, Work>();
  readonly #inHand = new Set<Promise<void>>();

  constructor(parts: RouterParts) {
    this.#parts = parts;
    this.#dialog = new WizardDialog(parts.wizards);
  }

  onCommand(command: IncomingCommand, responder: Responder): Promise<void> {
    return this.#handle(command, responder, async (request) => {
      const asking = await this.#asking(command, request.caller);
      if (asking) return this.#answer(request, asking.record, asking.text);
      const { resolved, options } = this.#understand(command, request);
      if (resolved.action.wizard && !isComplete(resolved.action, options)) {
        return this.#beginWizard(request, resolved, options);
      }
      await this.#perform(request, resolved, options, {});
    });
  }

  onPress(press: IncomingPress, responder: Responder): Promise<void> {
    return this.#handle(press, responder, async (request) => {
      const wizard = wizardPress(press.buttonId);
      if (wizard) await this.#pressInWizard(request, wizard);
      else await this.#press(request, press.buttonId);
    });
  }

  onForm(form: IncomingForm, responder: Responder): Promise<void> {
    return this.#handle(form, responder, (request) => this.#fillIn(request, form));
  }

  async onCompletion(completion: IncomingCompletion): Promise<readonly Choice[]> {
    const caller = this.#parts.access.identify(completion.user, completion.chat);
    if (!caller) return [];
    try {
      const { action } = resolveCommand(completion.command, this.#parts.commands);
      const option = action.options[completion.option];
      if (!option?.suggest || !mayAct(caller.role, action.role)) return [];
      const context = this.#context(caller, completion, newRequest(), new AbortController().signal);
      const suggested = await option.suggest(context, completion.value);
      const values = offerable(suggested, caller, completion.option, option, this.#parts.desk);
      return values.slice(0, mostChoices).map((value) => ({ name: value, value }));
    } catch (error) {
      this.#parts.log.warn({ err: error, completion: completion.command }, 'no choices could be offered');
      return [];
    }
  }

  /** Cancels what runs and waits until everything in hand has been answered. */
  async stop(): Promise<void> {
    for (const work of this.#work.values()) work.controller.abort();
    await Promise.all(this.#inHand);
  }

  /** The door: strangers out, faults answered, everything audited, nothing thrown at the platform. */
  #handle(from: Origin, responder: Responder, run: (request: Request) => Promise<void>): Promise<void> {
    const startedAt = performance.now();
    const handled = (async () => {
      const caller = this.#parts.access.identify(from.user, from.chat) ?? this.#newcomer(from);
      if (!caller) return this.#turnAway(from, responder, startedAt);
      const request: Request = { from, caller, responder, startedAt, acknowledged: false };
      try {
        await run(request);
      } catch (error) {
        await this.#answerError(request, request.asked ?? describe(from), error);
      }
    })().catch((error: unknown) => {
      this.#parts.log.error({ err: error, platform: from.user.platform }, 'an answer could not be delivered');
    });
    this.#inHand.add(handled);
    return handled.finally(() => this.#inHand.delete(handled));
  }

  /** Whoever says the word for strangers to a desk that has nobody yet; everything else is for people of the list. */
  #newcomer(from: Origin): Caller | undefined {
    if (!this.#parts.access.isUnclaimed || !('input' in from)) return undefined;
    const { input } = from;
    const words =
      input.kind === 'structured' ? input.command : input.text.trim().replace(/^\//, '').split(/\s+/, 2);
    try {
      const { action } = resolveCommand(words, this.#parts.commands);
      return action.strangers ? { name: 'stranger', role: 'viewer' } : undefined;
    } catch (error) {
      if (error instanceof UserError) return undefined; // no such command, which is not told to strangers
      throw error;
    }
  }

  async #turnAway(from: Origin, responder: Responder, startedAt: number): Promise<void> {
    const { user, chat } = from;
    const place = chat.private ? 'a private chat' : `chat ${chat.id}`;
    this.#parts.access.refused(`${user.platform} user ${user.id} ("${user.name}") in ${place}`);
    await this.#audit(
      { from, caller: null, startedAt },
      '(not read)',
      'refused',
      'not on the list of users or chats',
    );
    await responder.refuse({
      tone: 'danger',
      text: [
        `You are not on this desk's list. Your ${user.platform} id is ${user.id}: an admin can add it with /user add.`,
      ],
    });
  }

  #understand(command: IncomingCommand, request: Request): Understood {
    const { input } = command;
    if (input.kind === 'structured') {
      const { words, action } = resolveCommand(input.command, this.#parts.commands);
      const parse = action.wizard ? parseGiven : checkOptions;
      const options = parse({ words, action }, input.options);
      return this.#stoodFor(request, { resolved: { words, action }, options });
    }
    const attached = command.files?.attached?.name;
    if (!input.text.trim().startsWith('/')) {
      if (attached !== undefined)
        throw new UserError(
          'A file alone says nothing: send it along with its command, such as /strategy add.',
        );
      throw new UserError('A command begins with a slash. Type /help to see them all.');
    }
    const line = this.#parts.host.aliases.expand(input.text) ?? input.text;
    return this.#stoodFor(request, this.#read(line, attached));
  }

  /** What is performed in place of a command that stands for another one. */
  #stoodFor({ caller, from }: Request, understood: Understood): Understood {
    const { resolved, options } = understood;
    const context = this.#context(caller, from, newRequest(), new AbortController().signal);
    const line = resolved.action.standsFor?.(context, options as never);
    return line === undefined ? understood : this.#read(line, undefined);
  }

  /** A command as it is typed, and no alias. */
  #read(text: string, attached: string | undefined): Understood {
    const { positional, named } = parseTyped(text);
    const { words, action, rest } = resolveCommand(positional, this.#parts.commands);
    const parse = action.wizard ? givenOptions : parseTypedOptions;
    return { resolved: { words, action }, options: parse({ words, action }, rest, named, attached) };
  }

  /** The wizard whose question a text answers that is no command. */
  async #asking(
    { user, input, files }: IncomingCommand,
    { name }: Caller,
  ): Promise<{ record: StoredWizard; text: string } | undefined> {
    if (input.kind !== 'typed' || input.text.trim().startsWith('/') || files?.attached) return undefined;
    const record = await this.#parts.wizards.asking(name, user.platform);
    return record && { record, text: input.text };
  }

  async #beginWizard(
    request: Request,
    resolved: Resolved,
    options: Record<string, ParsedValue>,
  ): Promise<void> {
    const { wizards } = this.#parts;
    const { name } = request.caller;
    const { words } = resolved;
    const given = toRaw(options);
    request.asked = spell(words, given);
    this.#mustBeAllowed(request, resolved);
    const before = await wizards.unfinished(name, words.join(' '));
    if (before && before.trail.length > 0 && Object.keys(given).length === 0) {
      await this.#show(request, this.#dialog.unfinished(before, resolved), 'only-you');
      return this.#audit(request, request.asked, 'asked', null);
    }
    const record = await wizards.begin(name, words.join(' '), given);
    await this.#askNext(request, resolved, record, { placement: 'only-you' });
  }

  async #answer(request: Request, record: StoredWizard, text: string): Promise<void> {
    const resolved = this.#resolvedWizard(request, record);
    const taken = await this.#dialog.answer(record, resolved, this.#contextOf(request), text);
    await this.#askNext(request, resolved, taken.record, { ...taken, placement: 'only-you' });
  }

  async #fillIn(request: Request, { formId, values, onMessage }: IncomingForm): Promise<void> {
    const press = wizardPress(formId);
    if (!press) throw new UserError('This form belongs to no question of this desk. Type the command again.');
    const record = await this.#parts.wizards.get(press.id, request.caller.name);
    const resolved = this.#resolvedWizard(request, record);
    if (record.revision !== press.revision) throw new UserError(answeredAlready);
    const taken = await this.#dialog.fillIn(record, resolved, this.#contextOf(request), values);
    const placement = onMessage ? 'in-place' : 'only-you';
    await this.#askNext(request, resolved, taken.record, { ...taken, placement });
  }

  async #pressInWizard(request: Request, { id, revision, word }: WizardPress): Promise<void> {
    const { wizards } = this.#parts;
    const record = await wizards.get(id, request.caller.name);
    const resolved = this.#resolvedWizard(request, record);
    const next = (changed: StoredWizard, problems: readonly string[] = []) =>
      this.#askNext(request, resolved, changed, { placement: 'in-place', problems });
    if (word === 'leave') {
      await wizards.forget(record.person, record.command);
      await this.#show(request, { text: [`Cancelled: /${record.command} was not done.`] }, 'in-place');
      return this.#audit(request, `/${record.command}`, 'cancelled', null);
    }
    if (word === 'go') return next(record);
    if (word === 'anew') return next(await wizards.begin(record.person, record.command, record.given));
    if (record.revision !== revision) throw new UserError(answeredAlready);
    if (word === 'form') return next(record);
    if (word === 'back') return next(await this.#dialog.back(record));
    const taken = await this.#dialog.choose(record, resolved, this.#contextOf(request), word);
    return next(taken.record, taken.problems);
  }

  #resolvedWizard(request: Request, { command, answers }: StoredWizard): Resolved {
    const { words, action } = resolveCommand(command.split(' '), this.#parts.commands);
    request.asked = spell(words, answers);
    this.#mustBeAllowed(request, { words, action });
    return { words, action };
  }

  /** Asks the next question of a wizard; where there is none, the command itself comes, with its confirmation. */
  async #askNext(
    request: Request,
    resolved: Resolved,
    before: StoredWizard,
    { placement, problems = [] }: { placement: Placement; problems?: readonly string[] },
  ): Promise<void> {
    const { responder, from } = request;
    const forms = responder.openForm !== undefined;
    const askedOn = forms ? null : from.user.platform;
    const record =
      before.askedOn === askedOn ? before : await this.#parts.wizards.change(before, { askedOn });
    request.asked = spell(resolved.words, { ...record.given, ...record.answers });
    const note = problems.map((problem) => `${problem}\n`);
    const next = await this.#dialog.next(record, resolved, this.#contextOf(request), { forms, note });
    if (next.kind === 'complete')
      return this.#completeWizard(request, resolved, record, { placement, options: next.options });
    // After a mistake a form would open without a word about it.
    const opened = problems.length === 0 && (await responder.openForm?.(next.form));
    if (!opened) await this.#show(request, next.message, placement);
    await this.#audit(request, request.asked, 'asked', problems.join(' ') || null);
  }

  async #completeWizard(
    request: Request,
    resolved: Resolved,
    record: StoredWizard,
    { placement, options }: { placement: Placement; options: RawOptions },
  ): Promise<void> {
    const done =
      record.askedOn === null ? record : await this.#parts.wizards.change(record, { askedOn: null });
    try {
      const checked = checkOptions(resolved, options);
      await this.#perform(request, resolved, checked, { placement, preface: inOneLine(resolved, options) });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      await this.#show(request, this.#dialog.refused(done, resolved, error.message), placement);
      await this.#audit(request, request.asked ?? '', 'refused', error.message);
    }
  }

  #contextOf({ caller, from }: Request): CommandContext {
    return this.#context(caller, from, newRequest(), new AbortController().signal);
  }

  async #perform(
    request: Request,
    { words, action }: Resolved,
    given: Record<string, ParsedValue>,
    {
      confirmed = false,
      placement = action.visibility ?? 'everyone',
      name = newRequest(),
      preface,
    }: {
      confirmed?: boolean;
      placement?: Placement;
      name?: string;
      /** Stands before the confirmation, which then is asked for in any case. */
      preface?: RichText;
    },
  ): Promise<void> {
    const { caller } = request;
    const controller = new AbortController();
    const context = this.#context(caller, request.from, name, controller.signal);
    const secrets = action.secrets?.(context, given as never) ?? [];
    request.asked = spell(words, without(given, secrets));
    this.#mustBeAllowed(request, { words, action });
    await this.#acknowledge(request, placement);
    const removal = secrets.length > 0 && !confirmed ? await this.#removeAsked(request) : [];
    await checkReach(caller, action, given, this.#parts.desk);
    const options = await this.#parts.uploads.fetch(action.options, given, filesOf(request.from));
    const asked = spell(words, without(options, secrets));
    request.asked = asked;
    if ((action.confirm || preface) && !confirmed) {
      const question = (await action.confirm?.(context, options as never)) ?? {
        title: `/${words.join(' ')}?`,
      };
      const text = [...(preface ?? []), ...(question.text ?? []), ...removal];
      await this.#ask(request, words, { options, secrets }, { ...question, text }, context.times);
      return this.#audit(request, asked, 'asked', null);
    }
    if (confirmed && this.#parts.agreements.takesTwo(words)) {
      const agreed = await this.#parts.agreements.confirm(words, toRaw(options), caller.name);
      if ('waitsFor' in agreed) {
        await this.#show(request, { tone: 'warning', title: asked, text: [agreed.waitsFor] });
        return this.#audit(request, asked, 'asked', 'a second person must confirm');
      }
      await this.#audit(request, asked, 'asked', `confirmed by ${agreed.with} and ${caller.name}`);
    }
    const reply = await this.#run(request, { words, action }, context, options, controller);
    if (action.wizard) await this.#parts.wizards.forget(caller.name, words.join(' '));
    await this.#show(request, await withButtons(reply, this.#parts.actions));
    await this.#audit(request, asked, 'answered', null);
  }

  /** @throws UserError when the caller's role is too low, or the request waited while the desk was away */
  #mustBeAllowed({ caller, from }: Request, { words, action }: Resolved): void {
    if (!mayAct(caller.role, action.role)) {
      throw new UserError(`/${words.join(' ')} needs the role ${action.role}; yours is ${caller.role}.`);
    }
    if (action.acts && 'corrected' in from && from.corrected) {
      throw new UserError(
        'You corrected a message: what it says now was not done, because what it said before may have been. Send it as a new message.',
      );
    }
    const ageMs = this.#parts.clock.now().getTime() - from.sentAt.getTime();
    if (action.acts && ageMs > staleAfterMs) {
      const minutes = Math.round(ageMs / 60_000);
      throw new UserError(
        `This was sent ${minutes} minutes ago, while the desk was away. It was not done: send it again if you still want it.`,
      );
    }
  }

  /** Runs the action, showing its progress with a Cancel button while it lasts. */
  async #run(
    request: Request,
    { words, action }: Resolved,
    context: CommandContext,
    options: Record<string, ParsedValue>,
    controller: AbortController,
  ): Promise<Reply> {
    const id = randomBytes(12).toString('base64url');
    const work: Work = { owner: request.caller.name, controller };
    this.#work.set(id, work);
    try {
      const outcome = action.run(context, options as never);
      if (!isGenerator(outcome)) return await outcome;
      let shownAt = Number.NEGATIVE_INFINITY;
      for (;;) {
        const step = await outcome.next();
        if (step.done) return step.value;
        if (performance.now() - shownAt < progressPauseMs) continue;
        shownAt = performance.now();
        // The work does not wait for the platform, which may be slow: of what waits there only the newest is shown.
        void this.#show(request, progressMessage(words, step.value, id)).catch((error: unknown) => {
          this.#parts.log.warn({ err: error }, 'progress could not be shown');
        });
      }
    } catch (error) {
      if (!controller.signal.aborted) throw error;
      throw new UserError(
        work.cancelledBy ? `Cancelled by ${work.cancelledBy}.` : 'Cancelled: the desk is stopping.',
      );
    } finally {
      this.#work.delete(id);
    }
  }

  async #ask(
    request: Request,
    words: readonly string[],
    { options, secrets }: { options: Record<string, ParsedValue>; secrets: readonly string[] },
    question: Content,
    times: Times,
  ): Promise<void> {
    const { actions, clock, vault } = this.#parts;
    const raw = toRaw(await this.#parts.uploads.keep(options));
    const sealed = secrets.flatMap((name) =>
      Object.hasOwn(raw, name)
        ? [[name, vault.seal(String(raw[name]), sealedFor(words, name))] as const]
        : [],
    );
    const id = await actions.place({
      command: words,
      options: { ...raw, ...Object.fromEntries(sealed) },
      sealed: sealed.map(([name]) => name),
      confirmed: true,
      only: request.caller.name,
      lifetimeMs: confirmationLifetimeMs,
    });
    const until = times.clock(clock.now().getTime() + confirmationLifetimeMs);
    const two = this.#parts.agreements.takesTwo(words) ? '\nTwo people must confirm it.' : '';
    const text: RichText = [...(question.text ?? []), `${two}\nConfirm until ${until}.`];
    const buttons: MessageButton[] = [
      { id: buttonKinds.confirm + id, label: 'Confirm', style: 'danger' },
      { id: buttonKinds.decline + id, label: 'Cancel', style: 'secondary' },
    ];
    await this.#show(request, { tone: 'warning', ...question, text, buttons });
  }

  async #press(request: Request, buttonId: string): Promise<void> {
    const kind = buttonId.slice(0, 2);
    const id = buttonId.slice(2);
    if (kind === buttonKinds.cancelWork) return this.#cancelWork(request, id);
    // Before the action is taken: who may not press, or pressed long ago, does not use it up for the others.
    const known = await this.#parts.actions.get(id);
    if (known) {
      request.asked = spell(known.command, without(known.options, known.sealed ?? []));
      this.#mustBeAllowed(request, resolveCommand(known.command, this.#parts.commands));
    }
    const outcome = kind === buttonKinds.decline ? 'cancelled' : 'used';
    const taken = await this.#parts.actions.take(id, request.caller.name, outcome);
    if ('refusal' in taken) throw new UserError(taken.refusal);
    const { sealed = [] } = taken.action;
    const asked = spell(taken.action.command, without(taken.action.options, sealed));
    if (outcome === 'cancelled') {
      await this.#audit(request, asked, 'cancelled', null);
      const { command, options } = taken.action;
      const other = this.#parts.agreements.takesTwo(command)
        ? await this.#parts.agreements.refuse(command, options)
        : undefined;
      if (other !== undefined) {
        const text = `Refused by ${request.caller.name}, though ${other} had confirmed it: ${asked} was not done.`;
        return this.#show(request, { tone: 'warning', text: [text] }, 'in-place');
      }
      return this.#show(request, { text: [`Cancelled: ${asked} was not done.`] }, 'in-place');
    }
    const { words, action } = resolveCommand(taken.action.command, this.#parts.commands);
    const unsealed = sealed.map((name) => [
      name,
      this.#parts.vault.open(String(taken.action.options[name]), sealedFor(words, name)),
    ]);
    const given = { ...taken.action.options, ...Object.fromEntries(unsealed) };
    const parse = action.wizard ? parseGiven : checkOptions;
    const options = parse({ words, action }, given);
    if (action.wizard && !isComplete(action, options)) {
      return this.#beginWizard(request, { words, action }, options);
    }
    const { confirmed } = taken.action;
    await this.#perform(
      request,
      { words, action },
      options,
      confirmed ? { confirmed, placement: 'in-place', name: id } : { name: id },
    );
  }

  /** A secret does not stay in the chat where that can be helped; else its owner is told. */
  async #removeAsked({ from, responder }: Request): Promise<RichText> {
    if (!('input' in from)) return [];
    const removed = await responder.removeAsked?.().catch((error: unknown) => {
      this.#parts.log.warn({ err: error }, 'a message with a secret could not be deleted');
      return false;
    });
    if (removed === undefined) return [];
    return removed
      ? ['\nYour message with the secret was deleted.']
      : ['\nYour message with the secret could not be deleted: delete it yourself.'];
  }

  async #cancelWork(request: Request, id: string): Promise<void> {
    const work = this.#work.get(id);
    if (!work) throw new UserError('That work is not running any more.');
    if (work.owner !== request.caller.name && request.caller.role !== 'admin') {
      throw new UserError(`Only ${work.owner} or an admin may cancel this.`);
    }
    work.cancelledBy = request.caller.name;
    work.controller.abort();
    await this.#audit(request, '(cancel running work)', 'cancelled', null);
    await this.#show(request, { text: ['Cancelling.'] }, 'only-you');
  }

  /** A `UserError` is the answer; anything else is a fault of ours and goes to the log under an id. */
  async #answerError(request: Request, asked: string, error: unknown): Promise<void> {
    if (error instanceof UserError) {
      await this.#show(request, { tone: 'danger', text: [error.message] }, 'only-you');
      return this.#audit(request, asked, 'refused', error.message);
    }
    const fault = randomBytes(3).toString('hex');
    this.#parts.log.error({ err: error, fault, asked }, 'a command failed');
    await this.#show(
      request,
      {
        tone: 'danger',
        text: [
          `A fault of the desk stopped this command. /status shows how things stand; the log tells more under fault ${fault}.`,
        ],
      },
      'only-you',
    );
    await this.#audit(request, asked, 'failed', `fault ${fault}: ${reasonOf(error)}`);
  }

  #context(
    caller: Caller,
    { user, chat }: Origin | IncomingCompletion,
    request: string,
    signal: AbortSignal,
  ): CommandContext {
    const asker: Asker = { ...user, chat };
    const { desk, host, clock } = this.#parts;
    const reader = { person: caller.name, chat: host.notices.chatOf(asker) };
    const times = new Times(host.zones.forReader(reader), clock);
    return { desk, host, caller, asker, times, request, signal };
  }

  async #acknowledge(request: Request, placement: Placement): Promise<void> {
    if (request.acknowledged) return;
    request.acknowledged = true;
    await request.responder.acknowledge(placement);
  }

  async #show(request: Request, message: Message, placement: Placement = 'everyone'): Promise<void> {
    await this.#acknowledge(request, placement);
    await request.responder.show(message);
  }

  async #audit(
    { from, caller, startedAt }: { from: Request['from']; caller: Caller | null; startedAt: number },
    command: string,
    outcome: AuditOutcome,
    reason: string | null,
  ): Promise<void> {
    const { platform, id } = from.user;
    await this.#parts.audit.record({
      platform,
      user: id,
      caller: caller?.name ?? null,
      chat: from.chat.id,
      command,
      outcome,
      reason,
      durationMs: Math.round(performance.now() - startedAt),
    });
  }
}

function isGenerator(outcome: ReturnType<Action['run']>): outcome is AsyncGenerator<Progress, Reply> {
  return Symbol.asyncIterator in outcome;
}

function progressMessage(words: readonly string[], { text, fraction }: Progress, workId: string): Message {
  const bar = fraction === undefined ? '' : `${progressBar(fraction)} `;
  return {
    title: `/${words.join(' ')}`,
    text: [`${bar}${text}`],
    buttons: [{ id: buttonKinds.cancelWork + workId, label: 'Cancel', style: 'secondary' }],
  };
}

function progressBar(fraction: number): string {
  const width = 12;
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)} ${Math.round(fraction * 100)} %`;
}

function newRequest(): string {
  return randomBytes(12).toString('base64url');
}

/** What a sealed option is sealed for: it cannot be used in another command. */
function sealedFor(words: readonly string[], name: string): string {
  return `/${words.join(' ')} ${name}`;
}

/** Where the files of a request are: with a press come none, and those of its command were kept. */
function filesOf(from: Origin): IncomingFiles | 'kept' {
  return 'input' in from ? (from.files ?? {}) : 'kept';
}
