/** Indicators as people ask for them over a chart: `sma=50,200 rsi=14 bollinger=20,2`. */
import type { IndicatorPlot } from '../backtest/result.ts';
import { UserError } from '../errors.ts';
import {
  adx,
  atr,
  bollinger,
  cci,
  donchian,
  ema,
  keltner,
  macd,
  momentum,
  obv,
  roc,
  rsi,
  sma,
  stddev,
  stochastic,
  supertrend,
  wma,
} from '../indicators/index.ts';
import type { Bars } from '../market/bars.ts';
import { nearest } from '../nearest.ts';

interface Kind {
  /** Drawn over the price; else in a panel of its own. */
  readonly overlay: boolean;
  /** How many numbers one indicator has. With one, a list asks for several: `sma=50,200`. */
  readonly numbers: number;
  readonly compute: (bars: Bars, numbers: readonly number[]) => readonly Float64Array[];
}

const kinds: Readonly<Record<string, Kind>> = {
  sma: average((values, period) => [sma(values, period)]),
  ema: average((values, period) => [ema(values, period)]),
  wma: average((values, period) => [wma(values, period)]),
  bollinger: kind(true, 2, ({ close }, [period, deviations]) => bands(bollinger(close, period, deviations))),
  keltner: kind(true, 2, ({ high, low, close }, [period, multiple]) =>
    bands(keltner(high, low, close, period, multiple)),
  ),
  donchian: kind(true, 1, ({ high, low }, [period]) => bands(donchian(high, low, period))),
  supertrend: kind(true, 2, ({ high, low, close }, [period, multiple]) => [
    supertrend(high, low, close, period, multiple).line,
  ]),
  rsi: kind(false, 1, ({ close }, [period]) => [rsi(close, period)]),
  macd: kind(false, 3, ({ close }, [fast, slow, signal]) => {
    const lines = macd(close, fast, slow, signal);
    return [lines.macd, lines.signal];
  }),
  stochastic: kind(false, 3, ({ high, low, close }, [period, slowing, smoothing]) => {
    const { k, d } = stochastic(high, low, close, period, slowing, smoothing);
    return [k, d];
  }),
  adx: kind(false, 1, ({ high, low, close }, [period]) => {
    const { adx: strength, plusDi, minusDi } = adx(high, low, close, period);
    return [strength, plusDi, minusDi];
  }),
  atr: kind(false, 1, ({ high, low, close }, [period]) => [atr(high, low, close, period)]),
  cci: kind(false, 1, ({ high, low, close }, [period]) => [cci(high, low, close, period)]),
  roc: kind(false, 1, ({ close }, [period]) => [roc(close, period)]),
  momentum: kind(false, 1, ({ close }, [period]) => [momentum(close, period)]),
  stddev: kind(false, 1, ({ close }, [period]) => [stddev(close, period ?? 20)]),
  obv: kind(false, 0, ({ close, volume }) => [obv(close, volume)]),
};

/** The names that can be asked for. */
export const chartIndicatorNames: readonly string[] = Object.keys(kinds);

/** More than these would cover the candles, or leave no room for them. */
const mostOverlays = 5;
const mostPanels = 2;

/**
 * Each indicator on all bars, so that it is what it was at the time when only the newest of them are shown.
 * @param asked name to its numbers as text; no numbers (an empty text) for its usual ones
 * @throws UserError for an unknown name, numbers that it cannot have, or more than can be drawn
 */
export function chartIndicators(bars: Bars, asked: Readonly<Record<string, string>>): IndicatorPlot[] {
  const plots = Object.entries(asked).flatMap(([name, text]) => plotsOf(bars, name.toLowerCase(), text));
  const overlays = plots.filter(({ overlay }) => overlay).length;
  if (overlays > mostOverlays || plots.length - overlays > mostPanels) {
    throw new UserError(
      `A chart takes at most ${mostOverlays} indicators over the price and ${mostPanels} below it, not ${overlays} and ${plots.length - overlays}.`,
    );
  }
  return plots;
}

function plotsOf(bars: Bars, name: string, text: string): IndicatorPlot[] {
  const found = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (!found) {
    const [near] = nearest(name, chartIndicatorNames, 1);
    const hint = near === undefined ? '' : ` Did you mean ${near}?`;
    throw new UserError(
      `There is no indicator "${name}".${hint} There are: ${chartIndicatorNames.join(', ')}.`,
    );
  }
  const numbers = numbersOf(name, text);
  const each = found.numbers === 1 && numbers.length > 1 ? numbers.map((number) => [number]) : [numbers];
  return each.map((own) => {
    if (own.length > found.numbers) {
      throw new UserError(
        `${name}=${text} has ${own.length} numbers; ${name} has ${found.numbers === 0 ? 'none' : `at most ${found.numbers}`}.`,
      );
    }
    return {
      name: [name.toUpperCase(), ...own].join(' '),
      symbol: null,
      lines: found.compute(bars, own),
      overlay: found.overlay,
      scatter: false,
      color: null,
    };
  });
}

function numbersOf(name: string, text: string): number[] {
  const words = text.split(',').map((word) => word.trim());
  if (words.length === 1 && words[0] === '') return [];
  return words.map((word) => {
    const number = /^\d+(\.\d+)?$/.test(word) ? Number(word) : Number.NaN;
    if (!(number > 0) || number > mostPeriod) {
      throw new UserError(`${name}=${text} must be numbers from 1 to ${mostPeriod}, such as ${name}=20.`);
    }
    return number;
  });
}

const mostPeriod = 10_000;

function kind(overlay: boolean, numbers: number, compute: Kind['compute']): Kind {
  return { overlay, numbers, compute };
}

function average(compute: (values: Float64Array, period: number) => readonly Float64Array[]): Kind {
  return kind(true, 1, ({ close }, [period = 20]) => compute(close, period));
}

function bands({ upper, middle, lower }: ReturnType<typeof bollinger>): readonly Float64Array[] {
  return [upper, middle, lower];
}
