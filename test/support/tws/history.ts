/** The historical data service: bars that a test put there, and its pacing. */
import type { Clock } from '../../../engine/clock.ts';
import type { Refusal } from './account.ts';

export interface HistoryBar {
  /** Start of the bar, milliseconds UTC; of a daily bar midnight UTC of its date. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

export interface HistoryRequest {
  readonly key: string;
  readonly conId: number;
  /** Milliseconds; now where not given. */
  readonly end: number | undefined;
  readonly duration: string;
  readonly barSize: string;
  readonly whatToShow: string;
}

const dayMs = 86_400_000;
const unitMs: Readonly<Record<string, number>> = {
  S: 1000,
  D: dayMs,
  W: 7 * dayMs,
  M: 31 * dayMs,
  Y: 366 * dayMs,
};
const barMs: Readonly<Record<string, number>> = {
  '1 min': 60_000,
  '5 mins': 300_000,
  '15 mins': 900_000,
  '30 mins': 1_800_000,
  '1 hour': 3_600_000,
  '4 hours': 14_400_000,
  '1 day': dayMs,
  '1W': 7 * dayMs,
  '1M': 31 * dayMs,
};
/** The longest duration for which a bar size may be asked. */
const longestMs: Readonly<Record<string, number>> = {
  '1 min': 7 * dayMs,
  '5 mins': 31 * dayMs,
  '15 mins': 31 * dayMs,
  '30 mins': 31 * dayMs,
  '1 hour': 31 * dayMs,
  '4 hours': 31 * dayMs,
};

export class History {
  readonly #clock: Clock;
  readonly #bars = new Map<string, readonly HistoryBar[]>();
  readonly #asked: { readonly at: number; readonly key: string; readonly conId: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  put(conId: number, barSize: string, bars: readonly HistoryBar[], whatToShow = 'TRADES'): void {
    this.#bars.set(`${conId} ${barSize} ${whatToShow}`, bars);
  }

  /** How often it was asked. */
  get requests(): number {
    return this.#asked.length;
  }

  answer(request: HistoryRequest, symbol: string): readonly HistoryBar[] | Refusal {
    const { conId, end, duration, barSize, whatToShow } = request;
    const says = (text: string): Refusal => ({
      code: 162,
      text: `Historical Market Data Service error message:${text}`,
    });
    const paced = this.#pacing(request);
    if (paced !== undefined) return says(paced);
    const [count = '', unit = ''] = duration.split(' ');
    const spanMs = Number(count) * (unitMs[unit] ?? Number.NaN);
    if (!(spanMs > 0) || barMs[barSize] === undefined) {
      return {
        code: 321,
        text: "Error validating request.-'bQ' : cause - The duration or bar size is wrong",
      };
    }
    if (unit === 'D' && Number(count) > 365) {
      return {
        code: 321,
        text: "Error validating request.-'bQ' : cause - Historical data requests for durations longer than 365 days must be made in years.",
      };
    }
    if (spanMs > (longestMs[barSize] ?? Number.POSITIVE_INFINITY)) {
      return says('Time length exceed max.');
    }
    if (whatToShow === 'ADJUSTED_LAST' && end !== undefined) {
      return {
        code: 321,
        text: "Error validating request.-'bQ' : cause - An end date is not supported with ADJUSTED_LAST",
      };
    }
    const until = end ?? this.#clock.now().getTime();
    const bars = (this.#bars.get(`${conId} ${barSize} ${whatToShow}`) ?? []).filter(
      ({ time }) => time <= until && time > until - spanMs,
    );
    return bars.length > 0 ? bars : says(`HMDS query returned no data: ${symbol}@SMART Trades`);
  }

  #pacing({ key, conId }: HistoryRequest): string | undefined {
    const at = this.#clock.now().getTime();
    const since = (ms: number) => this.#asked.filter((asked) => at - asked.at < ms);
    const tooMuch =
      since(15_000).some((asked) => asked.key === key) ||
      since(2000).filter((asked) => asked.conId === conId).length >= 5 ||
      since(600_000).length >= 60;
    this.#asked.push({ at, key, conId });
    return tooMuch ? 'Historical data request pacing violation' : undefined;
  }
}
