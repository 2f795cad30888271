/**
 * The router: who asks, may they, and which way does it go. Every command, press and form of every platform comes in here, so
 * what a command does can never depend on where it was typed; strangers are turned away and faults are answered.
 */
import { randomBytes } from 'node:crypto';
import { type Caller, type Command, mayAct, suggestionsOf } from '../../commands/command.ts';
import { isComplete, MissingOption, resolveCommand } from '../../commands/options.ts';
import { reasonOf, UserError } from '../../engine/errors.ts';
import type { Access } from './access.ts';
import { buttonKinds, withButtons } from './buttons.ts';
import { Confirmations } from './confirmations.ts';
import { offerOf } from './offers.ts';
import { Performance, type PerformanceParts } from './performance.ts';
import type {
  ChatHandler,
  Choice,
  IncomingCommand,
  IncomingCompletion,
  IncomingForm,
  IncomingPress,
  Responder,
} from './platform.ts';
import { Presses } from './presses.ts';
import { offerable } from './reach.ts';
import { isForStrangers, readCommand } from './reading.ts';
import { ChatRequest, contextOf, type Origin, type RequestParts, writeAudit } from './request.ts';
import { describe, spell } from './spelling.ts';
import { wizardPress } from './wizard-dialog.ts';
import { WizardQuestions } from './wizard-questions.ts';
import type { Wizards } from './wizards.ts';
import { WorkInHand } from './work.ts';

export interface RouterParts extends RequestParts, PerformanceParts {
  readonly commands: readonly Command[];
  readonly access: Access;
  readonly wizards: Wizards;
}

const mostChoices = 25;

export class Router implements ChatHandler {
  readonly #parts: RouterParts;
  readonly #work: WorkInHand;
  readonly #performance: Performance;
  readonly #questions: WizardQuestions;
  readonly #presses: Presses;
  readonly #inHand = new Set<Promise<void>>();

  constructor(parts: RouterParts) {
    this.#parts = parts;
    this.#work = new WorkInHand(parts.log);
    const confirmations = new Confirmations(parts);
    this.#performance = new Performance(parts, { work: this.#work, confirmations });
    this.#questions = new WizardQuestions(parts, this.#performance);
    const ways = { performance: this.#performance, questions: this.#questions, confirmations };
    this.#presses = new Presses(parts, ways);
  }

  onCommand(command: IncomingCommand, responder: Responder): Promise<void> {
    return this.#handle(command, responder, async (request) => {
      const asking = await this.#questions.asking(command, request);
      if (asking) return this.#questions.answer(request, asking.record, asking.text);
      const { resolved, options } = readCommand(command, request.context(), this.#parts);
      if (resolved.action.wizard && !isComplete(resolved.action, options)) {
        return this.#questions.begin(request, resolved, options);
      }
      await this.#performance.perform(request, resolved, options, {});
    });
  }

  onPress(press: IncomingPress, responder: Responder): Promise<void> {
    return this.#handle(press, responder, async (request) => {
      const wizard = wizardPress(press.buttonId);
      if (wizard) return this.#questions.press(request, wizard);
      const kind = press.buttonId.slice(0, 2);
      const id = press.buttonId.slice(2);
      if (kind === buttonKinds.cancelWork) return this.#work.cancel(request, id);
      await this.#presses.press(request, kind, id);
    });
  }

  onForm(form: IncomingForm, responder: Responder): Promise<void> {
    return this.#handle(form, responder, (request) => this.#questions.fillIn(request, form));
  }

  async onCompletion(completion: IncomingCompletion): Promise<readonly Choice[]> {
    const { access, commands, desk, log } = this.#parts;
    const caller = access.identify(completion.user, completion.chat);
    if (!caller) return [];
    try {
      const { action } = resolveCommand(completion.command, commands);
      const option = action.options[completion.option];
      if (!option?.suggest || !mayAct(caller.role, action.role)) return [];
      const context = contextOf(this.#parts, caller, completion);
      const suggested = await suggestionsOf(option, context, completion.value, completion.given);
      const offered = await offerable(suggested, caller, completion.option, option, desk);
      return likelyFirst(offered, completion.value).slice(0, mostChoices);
    } catch (error) {
      log.warn({ err: error, completion: completion.command }, 'no choices could be offered');
      return [];
    }
  }

  /** Cancels what runs and waits until everything in hand has been answered. */
  async stop(): Promise<void> {
    this.#work.cancelAll();
    await Promise.all(this.#inHand);
  }

  /** The door: strangers out, faults answered, everything audited, nothing thrown at the platform. */
  #handle(from: Origin, responder: Responder, run: (request: ChatRequest) => Promise<void>): Promise<void> {
    const startedAt = performance.now();
    const handled = (async () => {
      const caller = this.#parts.access.identify(from.user, from.chat) ?? this.#newcomer(from);
      if (!caller) return this.#turnAway(from, responder, startedAt);
      const request = new ChatRequest({ from, caller, responder, startedAt }, this.#parts);
      try {
        await this.#orOffer(request, run);
      } catch (error) {
        await this.#answerError(request, error);
      }
    })().catch((error: unknown) => {
      this.#parts.log.error({ err: error, platform: from.user.platform }, 'an answer could not be delivered');
    });
    this.#inHand.add(handled);
    return handled.finally(() => this.#inHand.delete(handled));
  }

  /** Whoever says the word for strangers to a desk that has nobody yet; everything else is for people of the list. */
  #newcomer(from: Origin): Caller | undefined {
    const { access, commands } = this.#parts;
    if (!access.isUnclaimed || !('input' in from) || !isForStrangers(from, commands)) return undefined;
    return { name: 'stranger', role: 'viewer' };
  }

  async #turnAway(from: Origin, responder: Responder, startedAt: number): Promise<void> {
    const { access, audit } = this.#parts;
    const { user, chat } = from;
    const place = chat.private ? 'a private chat' : `chat ${chat.id}`;
    access.refused(`${user.platform} user ${user.id} ("${user.name}") in ${place}`);
    const reason = 'not on the list of users or chats';
    await writeAudit(audit, { from, caller: null, startedAt }, '(not read)', 'refused', reason);
    await responder.refuse({
      tone: 'danger',
      text: [
        `You are not on this desk's list. Your ${user.platform} id is ${user.id}: an admin can add it with /user add.`,
      ],
    });
  }

  /** Where a command lacks something from which can be chosen, that is offered. */
  async #orOffer(request: ChatRequest, run: (request: ChatRequest) => Promise<void>): Promise<void> {
    try {
      await run(request);
    } catch (error) {
      if (!(error instanceof MissingOption)) throw error;
      await this.#offer(request, error);
    }
  }

  /** @throws what is missing, where there is nothing to choose from */
  async #offer(request: ChatRequest, missing: MissingOption): Promise<void> {
    const offer = await offerOf(request, missing, this.#parts);
    if (!offer) throw missing;
    // What was pressed was an offer itself: the next one takes its place.
    const placement = 'buttonId' in request.from ? 'in-place' : 'only-you';
    await request.show(await withButtons(offer, this.#parts.actions), placement);
    await request.audit(spell(missing.resolved.words, missing.given), 'asked', missing.message);
  }

  /** A `UserError` is the answer; anything else is a fault of ours and goes to the log under an id. */
  async #answerError(request: ChatRequest, error: unknown): Promise<void> {
    const asked = request.asked ?? describe(request.from);
    if (error instanceof UserError) {
      await request.show({ tone: 'danger', text: [error.message] }, 'only-you');
      return request.audit(asked, 'refused', error.message);
    }
    const fault = randomBytes(3).toString('hex');
    this.#parts.log.error({ err: error, fault, asked }, 'a command failed');
    await request.show(
      {
        tone: 'danger',
        text: [
          `A fault of the desk stopped this command. /status shows how things stand; the log tells more under fault ${fault}.`,
        ],
      },
      'only-you',
    );
    await request.audit(asked, 'failed', `fault ${fault}: ${reasonOf(error)}`);
  }
}

/** What has in it what is typed comes before what was found otherwise. */
function likelyFirst(choices: readonly Choice[], typed: string): readonly Choice[] {
  const wanted = typed.trim().toLowerCase();
  const isLikely = ({ name, value }: Choice) => `${name}\n${value}`.toLowerCase().includes(wanted);
  return [...choices.filter(isLikely), ...choices.filter((choice) => !isLikely(choice))];
}
