/** Signals, as people look at them and decide about them. */
import { UserError } from '../errors.ts';
import type { Inbox } from '../signals/inbox.ts';
import { type Rehearsal, rehearse } from '../signals/rehearsal.ts';
import { type ReplayParts, rehearseReplay, replay } from '../signals/replay.ts';
import type { Signal } from '../signals/signal.ts';

type SignalsParts = ReplayParts & { readonly inbox: Inbox };

export class DeskSignals {
  readonly #parts: SignalsParts;

  constructor(parts: SignalsParts) {
    this.#parts = parts;
  }

  /** Signals, the newest first; of all books where none is named. */
  list(which: { readonly book?: string; readonly limit: number }): Promise<readonly Signal[]> {
    return this.#parts.inbox.signals(which);
  }

  /** @throws UserError when there is no such signal */
  async show(id: string): Promise<Signal> {
    const signal = await this.#parts.inbox.signal(id);
    if (signal) return signal;
    throw new UserError(`There is no signal "${id}". /signal list shows the newest.`);
  }

  /**
   * What an alert would lead to now, sent to the address of a book, or without one to that of the desk. Nothing is done.
   * @throws UserError when it would be refused, in the words that its sender would get
   */
  rehearse(body: string, book: string | undefined): Promise<readonly Rehearsal[]> {
    const { inbox, queue, books } = this.#parts;
    return rehearse(body, book, { inbox, queue, books });
  }

  /**
   * Acts on a signal that waits for approval, or drops it.
   * @throws UserError when there is no such signal, or it does not wait any more
   */
  answer(answer: {
    readonly id: string;
    readonly answer: 'approved' | 'declined';
    readonly by: string;
  }): Promise<Signal> {
    return this.#parts.queue.answer(answer.id, answer.answer, answer.by);
  }

  /**
   * What it would lead to now to decide a signal once more. Nothing is done.
   * @throws UserError when there is no such signal, it cannot be replayed, or it would be refused again
   */
  async rehearseReplay(id: string): Promise<Rehearsal> {
    return rehearseReplay(await this.show(id), this.#parts);
  }

  /**
   * Decides once more a signal that led to no trade, as a new signal.
   * @returns the new one
   * @throws UserError when there is no such signal, or it cannot be replayed
   */
  async replay({ id, by }: { readonly id: string; readonly by: string }): Promise<Signal> {
    return replay(await this.show(id), by, this.#parts);
  }
}
