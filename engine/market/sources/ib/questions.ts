/**
 * Questions to TWS, over a connection of the source's own that is opened when something is asked, and closed soon after. All of
 * them only read: what is lost with the connection, or fails in a way that passes, is asked again, over a new connection where
 * the old one is gone.
 */
import { historyMessage, meaningOf, NoAnswer, TwsError } from '../../../brokers/ib/codes.ts';
import { NoSession, Session } from '../../../brokers/ib/session.ts';
import { reasonOf } from '../../../errors.ts';
import { Lanes } from '../../../lanes.ts';
import type { Logger } from '../../../log.ts';
import type { Network } from '../adapter.ts';
import { type RefusalKind, VendorRefusal } from '../remote/refusal.ts';
import { untilAborted } from '../remote/until-aborted.ts';
import type { IbSourceSettings } from './settings.ts';

export interface QuestionsParts {
  /** Of the source, as in `desk.yaml`. */
  readonly name: string;
  readonly settings: IbSourceSettings;
  readonly log: Logger;
  readonly network: Network;
}

/** Why a question came to nothing. */
interface Trouble {
  readonly refusal: VendorRefusal;
  /** Undefined where asking again is no use. */
  readonly passes?: 'soon' | 'with patience';
}

/** After a fault. */
const pausesMs: readonly number[] = [1000, 2000, 4000];
/** Asked too often: TWS does not say for how long. The same question may be asked every 15 s. */
const patienceMs: readonly number[] = [15_000, 30_000, 60_000];
const idleMs = 5000;
const isItThere = 'Is TWS or IB Gateway running and logged in?';
/** The historical data service has lost its servers, and looks for them. */
const lostHistory = 165;

export class Questions {
  readonly #parts: QuestionsParts;
  readonly #lanes = new Lanes();
  #session: Session | undefined;
  #asking = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(parts: QuestionsParts) {
    this.#parts = parts;
  }

  /** The connection within `ask`. @throws NoAnswer when it broke meanwhile */
  session(): Session {
    if (this.#session?.isOpen) return this.#session;
    throw new NoAnswer('the connection to TWS broke');
  }

  /**
   * What `work` finds over the connection; it may be done several times.
   * @throws VendorRefusal in one line, what else `work` throws, and at once the reason of the signal
   */
  async ask<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    clearTimeout(this.#idle);
    this.#asking++;
    try {
      return await untilAborted(this.#patiently(work, signal), signal);
    } finally {
      this.#asking--;
      if (this.#asking === 0) {
        this.#idle = setTimeout(() => this.#session?.close('nothing is asked any more'), idleMs);
        this.#idle.unref();
      }
    }
  }

  /** What a request that cannot be fulfilled is answered with. */
  refusal(kind: RefusalKind, text: string, cause?: unknown): VendorRefusal {
    const line = text.replace(/\s+/g, ' ').trim();
    return new VendorRefusal(kind, `Source ${this.#parts.name}: ${line}`, { cause });
  }

  async #patiently<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { log, name, network } = this.#parts;
    const left = { soon: [...pausesMs], 'with patience': [...patienceMs] };
    for (;;) {
      signal?.throwIfAborted();
      try {
        await this.#lanes.run('open', () => this.#open());
        signal?.throwIfAborted();
        return await work();
      } catch (error) {
        signal?.throwIfAborted();
        const trouble = await this.#troubleOf(error);
        if (!trouble) throw error;
        const { refusal, passes } = trouble;
        const pauseMs = passes && left[passes].shift();
        if (pauseMs === undefined) throw refusal;
        log.warn({ source: name, error: refusal.message, again: `${pauseMs} ms` }, 'TWS is asked again');
        await network.pause(pauseMs, signal);
      }
    }
  }

  async #open(): Promise<void> {
    if (this.#session?.isOpen) return;
    const { settings, log } = this.#parts;
    const { host, port, clientId, timeoutSeconds } = settings;
    this.#session = await Session.open({ host, port, clientId, timeoutMs: timeoutSeconds * 1000, log });
  }

  /** Undefined for what is no trouble with TWS. */
  async #troubleOf(error: unknown): Promise<Trouble | undefined> {
    if (error instanceof NoSession) {
      const refusal = this.#unanswered(
        error,
        error.kind === 'taken' ? 'Give one of them another clientId.' : isItThere,
      );
      // Just after a connection broke, TWS may still count it as ours.
      return error.kind === 'refused' ? { refusal } : { refusal, passes: 'soon' };
    }
    if (error instanceof NoAnswer) {
      // Silent, but there: who waited so long is not kept waiting.
      if (await this.#isThere()) return { refusal: this.#unanswered(error, 'Try again later.') };
      const refusal = this.#unanswered(error, isItThere);
      return { refusal, passes: 'soon' };
    }
    return error instanceof TwsError ? this.#said(error) : undefined;
  }

  #unanswered(error: Error, advice: string): VendorRefusal {
    const reason = error.message.replace(/\.$/, '');
    return this.refusal('fault', `Interactive Brokers did not answer (${reason}). ${advice}`, error);
  }

  async #isThere(): Promise<boolean> {
    try {
      await this.session().ping();
      return true;
    } catch (error) {
      this.#parts.log.debug({ source: this.#parts.name, error: reasonOf(error) }, 'TWS is gone');
      return false;
    }
  }

  #said(error: TwsError): Trouble {
    const said = `It says "${error.message}".`;
    const refuse = (kind: RefusalKind, text: string) => this.refusal(kind, `${text} ${said}`, error);
    if (error.code === historyMessage && /pacing/i.test(error.message)) {
      const text = 'Interactive Brokers was asked too often. Try again in ten minutes.';
      return { refusal: refuse('rate-limit', text), passes: 'with patience' };
    }
    if (error.code === historyMessage && /permission|subscri/i.test(error.message)) {
      const text = 'the subscription at Interactive Brokers does not include this.';
      return { refusal: refuse('not-in-plan', text) };
    }
    if (error.code === lostHistory || meaningOf(error.code) === 'line') {
      const text = 'Interactive Brokers has a fault. Try again later.';
      return { refusal: refuse('fault', text), passes: 'soon' };
    }
    return { refusal: refuse('refused', 'Interactive Brokers refused the question.') };
  }
}
