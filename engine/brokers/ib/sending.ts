/**
 * Sends one order over one connection and hears what TWS makes of it: taken, refused, or neither for certain. And the same for
 * a cancellation.
 */
import type { Contract, Order } from '@stoqey/ib';
import { meaningOf, noSuchOrder, orderCancelled } from './codes.ts';
import type { Session, SessionNews } from './session.ts';

export type Sent =
  | { readonly is: 'taken'; readonly permId: number }
  | { readonly is: 'refused'; readonly code: number; readonly reason: string }
  /** It was certainly not sent. */
  | { readonly is: 'held'; readonly reason: string }
  | { readonly is: 'unclear'; readonly reason: string };

/** On its way from TWS to Interactive Brokers: TWS has it, nobody else yet. */
const onItsWay: readonly string[] = ['PendingSubmit', 'ApiPending'];
const over: readonly string[] = ['Filled', 'Cancelled', 'ApiCancelled'];
/** An order that is not active was refused, which is said next, or is held back, about which nothing comes. */
const inactivePatienceMs = 2000;

export class Sending {
  readonly #timeoutMs: number;
  readonly #listeners = new Map<number, (news: SessionNews) => void>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** What TWS tells, for those that wait for it. */
  hear(news: SessionNews): void {
    const id = numberOf(news);
    if (id !== undefined) this.#listeners.get(id)?.(news);
  }

  place(session: Session, id: number, contract: Contract, order: Order): Promise<Sent> {
    let permId = 0;
    return this.#listen<Sent>(session, id, {
      begin: () => session.placeOrder(id, contract, order),
      notBegun: (reason) => ({ is: 'held', reason }),
      late: (reason) => (permId > 0 ? { is: 'taken', permId } : { is: 'unclear', reason }),
      hear: (news, done, soon) => {
        if (news.is === 'message') {
          const meaning = meaningOf(news.code);
          if (meaning === 'refusal' || news.code === noSuchOrder)
            done({ is: 'refused', code: news.code, reason: wordsOf(news.text, news.code) });
          else if (meaning === 'unsure' || meaning === 'line') soon(inactivePatienceMs);
          return;
        }
        if (news.is !== 'order' && news.is !== 'status') return;
        const seen = news.is === 'order' ? news.order : news.status;
        permId = seen.permId || permId;
        if (permId === 0 || onItsWay.includes(seen.status)) return;
        if (seen.status === 'Inactive') soon(inactivePatienceMs);
        else done({ is: 'taken', permId });
      },
    });
  }

  /** Resolves when TWS has said something of it, or has not for too long: what became of the order is read then. */
  async cancel(session: Session, id: number): Promise<string | undefined> {
    return this.#listen<string | undefined>(session, id, {
      begin: () => session.cancelOrder(id),
      notBegun: (reason) => reason,
      late: (reason) => reason,
      hear: (news, done) => {
        if (news.is === 'status' && over.includes(news.status.status)) done(undefined);
        if (news.is !== 'message') return;
        const { code, text } = news;
        if (code === orderCancelled || meaningOf(code) === 'not-open') done(undefined);
        else if (meaningOf(code) !== 'info') done(wordsOf(text, code));
      },
    });
  }

  #listen<T>(
    session: Session,
    id: number,
    what: {
      readonly begin: () => void;
      readonly notBegun: (reason: string) => T;
      readonly late: (reason: string) => T;
      readonly hear: (news: SessionNews, done: (answer: T) => void, soon: (ms: number) => void) => void;
    },
  ): Promise<T> {
    return new Promise<T>((resolve) => {
      const done = (answer: T) => {
        clearTimeout(timer);
        this.#listeners.delete(id);
        resolve(answer);
      };
      const late = () => done(what.late(`TWS said nothing of it within ${this.#timeoutMs / 1000} s`));
      let timer = setTimeout(late, this.#timeoutMs);
      const soon = (ms: number) => {
        clearTimeout(timer);
        timer = setTimeout(late, Math.min(ms, this.#timeoutMs));
      };
      this.#listeners.set(id, (news) => what.hear(news, done, soon));
      void session.ended.then((why) => done(what.late(`the connection broke: ${why}`)));
      try {
        what.begin();
      } catch (error) {
        done(what.notBegun(error instanceof Error ? error.message : String(error)));
      }
    });
  }
}

function numberOf(news: SessionNews): number | undefined {
  switch (news.is) {
    case 'order':
      return news.order.orderId;
    case 'status':
      return news.status.orderId;
    case 'message':
      return news.id;
    case 'execution':
    case 'commission':
      return undefined;
    default:
      return news satisfies never;
  }
}

function wordsOf(text: string, code: number): string {
  return `${text.replace(/\s+/g, ' ').trim()} (${code})`;
}
