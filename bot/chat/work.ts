/** Commands at work: their progress is shown while it lasts, with a button that cancels them. */
import type { Action, CommandContext } from '../../commands/command.ts';
import type { ParsedValue, Resolved } from '../../commands/options.ts';
import { type Progress, plainText, type Reply } from '../../commands/reply.ts';
import { UserError } from '../../engine/errors.ts';
import type { Logger } from '../../engine/log.ts';
import { buttonKinds } from './buttons.ts';
import type { Message } from './platform.ts';
import { type ChatRequest, newName } from './request.ts';

interface Work {
  readonly owner: string;
  readonly controller: AbortController;
  cancelledBy?: string;
}

/** At most this often is progress shown. */
const progressPauseMs = 1_000;

export class WorkInHand {
  readonly #work = new Map<string, Work>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Runs the action. `controller` aborts the context's signal. @throws what the action throws, or a UserError once it is cancelled */
  async run(
    request: ChatRequest,
    { words, action }: Resolved,
    context: CommandContext,
    options: Record<string, ParsedValue>,
    controller: AbortController,
  ): Promise<Reply> {
    const id = newName();
    const work: Work = { owner: request.caller.name, controller };
    this.#work.set(id, work);
    try {
      const outcome = action.run(context, options as never);
      if (!isGenerator(outcome)) return await outcome;
      let shownAt = Number.NEGATIVE_INFINITY;
      let shown = '';
      for (;;) {
        const step = await outcome.next();
        if (step.done) return step.value;
        if (performance.now() - shownAt < progressPauseMs) continue;
        const message = progressMessage(words, step.value, id);
        const text = plainText(message.text ?? []);
        if (text === shown) continue; // Telegram refuses an edit that changes nothing
        shownAt = performance.now();
        shown = text;
        // The work does not wait for the platform, which may be slow: of what waits there only the newest is shown.
        void request.show(message).catch((error: unknown) => {
          this.#log.warn({ err: error }, 'progress could not be shown');
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

  /** A press on the button of some work. @throws UserError when it is over, or somebody else's */
  async cancel(request: ChatRequest, id: string): Promise<void> {
    const work = this.#work.get(id);
    if (!work) throw new UserError('That work is not running any more.');
    if (work.owner !== request.caller.name && request.caller.role !== 'admin') {
      throw new UserError(`Only ${work.owner} or an admin may cancel this.`);
    }
    work.cancelledBy = request.caller.name;
    work.controller.abort();
    await request.audit('(cancel running work)', 'cancelled', null);
    await request.show({ text: ['Cancelling.'] }, 'only-you');
  }

  /** The desk stops, and everything that runs with it. */
  cancelAll(): void {
    for (const { controller } of this.#work.values()) controller.abort();
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
