/** Indicators over a chart are those of the engine, on all bars, under the names by which people ask for them. */
import { describe, expect, it } from 'vitest';
import { bollinger, macd, rsi, sma } from '../../../engine/indicators/index.ts';
import { chartIndicatorNames, chartIndicators } from '../../../engine/reports/chart-indicators.ts';
import { sampleBars } from './sample-run.ts';

const bars = sampleBars({ count: 300 });

describe('indicators of a chart', () => {
  it('one name with several numbers is several averages', () => {
    const plots = chartIndicators(bars, { sma: '50, 200' });
    expect(plots.map(({ name, overlay }) => [name, overlay])).toEqual([
      ['SMA 50', true],
      ['SMA 200', true],
    ]);
    expect(plots[1]?.lines).toEqual([sma(bars.close, 200)]);
  });

  it('numbers of an indicator that has several are its own, and none are the usual ones', () => {
    const [bands, oscillator, strength] = chartIndicators(bars, { bollinger: '10,3', macd: '', rsi: '' });
    const { upper, middle, lower } = bollinger(bars.close, 10, 3);
    expect(bands).toMatchObject({ name: 'BOLLINGER 10 3', overlay: true, lines: [upper, middle, lower] });
    const { macd: line, signal } = macd(bars.close);
    expect(oscillator).toMatchObject({ name: 'MACD', overlay: false, lines: [line, signal] });
    expect(strength?.lines).toEqual([rsi(bars.close, 14)]);
  });

  it.each(
    chartIndicatorNames.map((name) => [name]),
  )('%s has lines as long as the bars, and values on them', (name) => {
    const [plot] = chartIndicators(bars, { [name]: '' });
    for (const line of plot?.lines ?? []) {
      expect(line).toHaveLength(bars.time.length);
      expect(line.some(Number.isFinite), `${name} has no value at all`).toBe(true);
    }
  });

  it.each([
    [{ smma: '20' }, 'There is no indicator "smma". Did you mean sma?'],
    [{ constructor: '1' }, 'There is no indicator "constructor".'],
    [{ sma: '0' }, 'sma=0 must be numbers from 1 to 10000'],
    [{ sma: '1e9' }, 'must be numbers'],
    [{ obv: '3' }, 'obv has none'],
    [{ sma: '1,2,3,4,5,6' }, 'at most 5 indicators over the price'],
    [{ rsi: '2.5' }, 'rsi needs a whole period'],
  ])('%o is refused', (asked, reason) => {
    expect(() => chartIndicators(bars, asked)).toThrow(reason);
  });
});
