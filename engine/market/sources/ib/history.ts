/**
 * The historical data service, at its own pace: one question at a time, not more than five in two seconds, and an answer is
 * given again for as long as the same question would be refused.
 */
import { z } from 'zod';
import { historyMessage, TwsError } from '../../../brokers/ib/codes.ts';
import type { Share } from '../../../brokers/ib/instruments.ts';
import { contractOf } from '../../../brokers/ib/instruments.ts';
import type { HistoryQuestion as TwsQuestion } from '../../../brokers/ib/session.ts';
import { twsTimeOf } from '../../../brokers/ib/times.ts';
import type { Clock } from '../../../clock.ts';
import { Lanes } from '../../../lanes.ts';
import type { Interval } from '../../bars.ts';
import type { Network } from '../adapter.ts';
import { Pace } from '../remote/pace.ts';
import type { Row } from '../remote/rows.ts';
import type { HistoryQuestion } from '../remote/source.ts';
import type { Questions } from './questions.ts';

/** What may be asked at once of each bar size. */
interface Step {
  readonly barSize: string;
  readonly days: number;
  readonly duration: string;
}

const dayMs = 86_400_000;
const steps: Readonly<Partial<Record<Interval, Step>>> = {
  '1m': { barSize: '1 min', days: 1, duration: '1 D' },
  '5m': { barSize: '5 mins', days: 7, duration: '1 W' },
  '15m': { barSize: '15 mins', days: 7, duration: '1 W' },
  '30m': { barSize: '30 mins', days: 28, duration: '4 W' },
  '1h': { barSize: '1 hour', days: 28, duration: '4 W' },
  '4h': { barSize: '4 hours', days: 28, duration: '4 W' },
};
const usualYears = 20;
const rememberedMs = 15_000;
const limit = { requests: 5, perMs: 2000 };
/** Years of bars take TWS a while. */
const patience = 6;

// A price that TWS does not have is missing, 0 or below.
const price = z
  .number()
  .optional()
  .transform((value) => (value !== undefined && value > 0 ? value : null));
const answer = z.array(
  z.object({
    time: z.string().transform((text, context) => {
      const time = instantOf(text);
      if (!Number.isNaN(time)) return time;
      context.addIssue({ code: 'custom', message: `"${text}" is no time` });
      return z.NEVER;
    }),
    ...{ open: price, high: price, low: price, close: price },
    volume: z
      .number()
      .optional()
      .transform((value) => (value !== undefined && value >= 0 ? value : null)),
  }),
);

export class TwsHistory {
  readonly #questions: Questions;
  readonly #clock: Clock;
  readonly #network: Network;
  readonly #timeoutMs: number;
  readonly #pace: Pace;
  readonly #lanes = new Lanes();
  readonly #answers = new Map<string, { readonly at: number; readonly rows: readonly Row[] }>();

  constructor(parts: {
    readonly questions: Questions;
    readonly clock: Clock;
    readonly network: Network;
    /** For an answer that is not about bars. */
    readonly timeoutMs: number;
  }) {
    this.#questions = parts.questions;
    this.#clock = parts.clock;
    this.#network = parts.network;
    this.#timeoutMs = patience * parts.timeoutMs;
    this.#pace = new Pace([limit], parts.clock);
  }

  /** Empty where there are none. @throws VendorRefusal */
  async rows(share: Share, question: HistoryQuestion): Promise<readonly Row[]> {
    const { interval, adjusted, from, to, signal } = question;
    const step = steps[interval];
    if (!step) {
      const now = this.#clock.now().getTime();
      const years = from === undefined ? usualYears : Math.ceil((now - from) / (365 * dayMs));
      const duration = `${Math.max(years, 1)} Y`;
      // Those that are adjusted for dividends are given up to now only.
      const whatToShow = adjusted ? 'ADJUSTED_LAST' : 'TRADES';
      return this.#ask(share, { end: '', duration, barSize: '1 day', whatToShow }, signal);
    }
    const { barSize, duration, days } = step;
    const rows: Row[] = [];
    for (let at = to; at > (from ?? to - 1); at -= days * dayMs) {
      const end = twsTimeOf(new Date(at));
      rows.push(...(await this.#ask(share, { end, duration, barSize, whatToShow: 'TRADES' }, signal)));
    }
    return rows;
  }

  #ask(share: Share, question: TwsQuestion, signal: AbortSignal | undefined): Promise<readonly Row[]> {
    const ask = async () => {
      const key = `${share.conId} ${Object.values(question).join(' ')}`;
      const now = this.#clock.now().getTime();
      for (const [id, { at }] of this.#answers) if (now - at >= rememberedMs) this.#answers.delete(id);
      const known = this.#answers.get(key);
      if (known) return known.rows;
      const rows = await this.#questions.ask(() => this.#askNow(share, question, signal), signal);
      this.#answers.set(key, { at: this.#clock.now().getTime(), rows });
      return rows;
    };
    return this.#lanes.run('history', ask, signal);
  }

  async #askNow(
    share: Share,
    question: TwsQuestion,
    signal: AbortSignal | undefined,
  ): Promise<readonly Row[]> {
    const wait = this.#pace.take();
    if (wait > 0) await this.#network.pause(wait, signal);
    const within = { timeoutMs: this.#timeoutMs, ...(signal && { signal }) };
    try {
      const seen = await this.#questions.session().history(contractOf(share), question, within);
      return this.#read(seen);
    } catch (error) {
      const isNone =
        error instanceof TwsError && error.code === historyMessage && /no data/i.test(error.message);
      if (isNone) return [];
      throw error;
    }
  }

  #read(seen: readonly unknown[]): readonly Row[] {
    const read = answer.safeParse(seen);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    const field = issue?.path.map(String).join('.') ?? '';
    throw this.#questions.refusal(
      'fault',
      `Interactive Brokers sent something unexpected: ${field}: ${issue?.message ?? 'is wrong'}.`,
    );
  }
}

/** A date, of a daily bar, or seconds since 1970. NaN for anything else. */
function instantOf(time: string): number {
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(time) ?? [];
  if (year !== undefined) return Date.UTC(Number(year), Number(month) - 1, Number(day));
  return /^\d+$/.test(time) ? Number(time) * 1000 : Number.NaN;
}
