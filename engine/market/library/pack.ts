/**
 * Bars as text that a store can carry, and back to the last bit: the columns one after another as little-endian doubles, times as
 * differences (most are equal), deflated, in base64. A year of daily bars is about 6 kB.
 */
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { Bars } from '../bars.ts';

export interface PackedBars {
  readonly count: number;
  /** Names of the extra columns, in their order. */
  readonly extra: readonly string[];
  readonly data: string;
}

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

export async function packBars(bars: Bars): Promise<PackedBars> {
  const extra = Object.keys(bars.extra);
  const differences = bars.time.map((time, index) => time - (bars.time[index - 1] ?? 0));
  const columns = [differences, bars.open, bars.high, bars.low, bars.close, bars.volume];
  const all = [...columns, ...Object.values(bars.extra)];
  const numbers = new DataView(new ArrayBuffer(8 * all.length * bars.time.length));
  let place = 0;
  for (const column of all) {
    for (const value of column) {
      numbers.setFloat64(place, value, true);
      place += 8;
    }
  }
  const packed = await deflate(new Uint8Array(numbers.buffer));
  return { count: bars.time.length, extra, data: packed.toString('base64') };
}

/** @throws Error when the text is not what `packBars` made */
export async function unpackBars(
  { count, extra, data }: PackedBars,
  { symbol, interval }: Pick<Bars, 'symbol' | 'interval'>,
): Promise<Bars> {
  const bytes = await inflate(Buffer.from(data, 'base64'));
  if (bytes.byteLength !== 8 * (6 + extra.length) * count) throw new Error('packed bars of another length');
  const numbers = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const column = (position: number) =>
    Float64Array.from({ length: count }, (_, index) =>
      numbers.getFloat64(8 * (position * count + index), true),
    );
  const time = column(0);
  for (let index = 1; index < count; index++) time[index] = (time[index - 1] ?? 0) + (time[index] ?? 0);
  return {
    symbol,
    interval,
    time,
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
    extra: Object.fromEntries(extra.map((name, index) => [name, column(6 + index)])),
  };
}
