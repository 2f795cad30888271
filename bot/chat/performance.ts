/**
 * A command performed for somebody, in its order: allowed, acknowledged, its files fetched, confirmed (by two where it takes
 * two), run, shown, and in the audit.
 */
import type { ParsedValue, Resolved } from '../../commands/options.ts';
import type { RichText } from '../../commands/reply.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Desk } from '../../engine/desk.ts';
import type { Logger } from '../../engine/log.ts';
import type { Actions } from './actions.ts';
import type { Agreements } from './agreements.ts';
import type { Answers } from './answers.ts';
import { withButtons } from './buttons.ts';
import type { ConfirmationParts, Confirmations } from './confirmations.ts';
import { mustBeAllowed } from './permission.ts';
import type { IncomingFiles, Placement } from './platform.ts';
import { checkReach, withOnlyBook } from './reach.ts';
import { type ChatRequest, newName, type Origin } from './request.ts';
import { spell, toRaw, without } from './spelling.ts';
import type { Uploads } from './uploads.ts';
import type { Wizards } from './wizards.ts';
import type { WorkInHand } from './work.ts';

export interface PerformanceParts extends ConfirmationParts {
  readonly desk: Desk;
  readonly actions: Actions;
  readonly agreements: Agreements;
  readonly answers: Answers;
  readonly wizards: Pick<Wizards, 'forget'>;
  readonly uploads: Uploads;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface How {
  /** It was asked for already, and somebody said yes. */
  readonly confirmed?: boolean;
  /** Where the answer is shown; where not given, as the command has it. */
  readonly placement?: Placement;
  /** What names this request: a confirmation that is pressed twice has one name. */
  readonly name?: string;
  /** Stands before the confirmation, which then is asked for in any case. */
  readonly preface?: RichText;
}

export class Performance {
  readonly #parts: PerformanceParts;
  readonly #work: WorkInHand;
  readonly #confirmations: Confirmations;

  constructor(parts: PerformanceParts, ways: { work: WorkInHand; confirmations: Confirmations }) {
    this.#parts = parts;
    this.#work = ways.work;
    this.#confirmations = ways.confirmations;
  }

  /** @throws UserError with the reason why it is not done; what `run` throws */
  async perform(
    request: ChatRequest,
    { words, action }: Resolved,
    asGiven: Record<string, ParsedValue>,
    { confirmed = false, placement = action.visibility ?? 'everyone', name = newName(), preface }: How,
  ): Promise<void> {
    const { agreements, answers, clock, desk, uploads } = this.#parts;
    const { caller } = request;
    const given = withOnlyBook(caller, action, asGiven, desk);
    const controller = new AbortController();
    const context = request.context(name, controller.signal);
    const secrets = action.secrets?.(context, given as never) ?? [];
    request.asked = spell(words, without(given, secrets));
    mustBeAllowed(request, { words, action }, clock);
    await request.acknowledge(placement);
    const removal = secrets.length > 0 && !confirmed ? await this.#removeAsked(request) : [];
    await checkReach(caller, action, given, desk);
    const options = await uploads.fetch(action.options, given, filesOf(request.from));
    const asked = spell(words, without(options, secrets));
    request.asked = asked;
    if ((action.confirm || preface) && !confirmed) {
      const question = (await action.confirm?.(context, options as never)) ?? {
        title: `/${words.join(' ')}?`,
      };
      const text = [...(preface ?? []), ...(question.text ?? []), ...removal];
      const content = { ...question, text };
      await request.show(await this.#confirmations.question(context, words, { options, secrets }, content));
      return request.audit(asked, 'asked', null);
    }
    if (confirmed && agreements.takesTwo(words)) {
      const agreed = await agreements.confirm(words, toRaw(options), caller.name);
      if ('waitsFor' in agreed) {
        await request.show({ tone: 'warning', title: asked, text: [agreed.waitsFor] });
        return request.audit(asked, 'asked', 'a second person must confirm');
      }
      await request.audit(asked, 'asked', `confirmed by ${agreed.with} and ${caller.name}`);
    }
    if (placement !== 'only-you' || request.from.chat.private) {
      answers.expect(name, context.host.notices.chatOf(context.asker));
    }
    const running = this.#work.run(request, { words, action }, context, options, controller);
    const reply = await running.catch((error: unknown) => {
      answers.withoutFiles(name);
      throw error;
    });
    if (!reply.attachments?.length) answers.withoutFiles(name);
    if (action.wizard) await this.#parts.wizards.forget(caller.name, words.join(' '));
    await request.show(await withButtons(reply, this.#parts.actions));
    await request.audit(asked, 'answered', null);
  }

  /** A secret does not stay in the chat where that can be helped; else its owner is told. */
  async #removeAsked({ from, responder }: ChatRequest): Promise<RichText> {
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
}

/** Where the files of a request are: with a press come none, and those of its command were kept. */
function filesOf(from: Origin): IncomingFiles | 'kept' {
  return 'input' in from ? (from.files ?? {}) : 'kept';
}
