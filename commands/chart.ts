import { chartIndicatorNames, type MarketChart, parsePeriod } from '../engine/desk.ts';
import { action, defineCommand } from './command.ts';
import { daysOf } from './days.ts';
import type { CommandButton, Reply } from './reply.ts';
import { suggestSymbols, symbolList } from './symbols.ts';
import { tradingOptions } from './trading-options.ts';

const periods = ['1M', '3M', '6M', '1Y', '5Y', 'max'] as const;

/** `/chart` and `/data chart` are the same. */
export const chartAction = action({
  description: 'Candles of a symbol with indicators, or several symbols from a common start',
  role: 'viewer',
  example: '/chart SP500 6M sma=50,200 rsi=14',
  options: {
    symbols: {
      type: 'string',
      description: 'Symbol, or several, separated by commas',
      required: true,
      example: 'SP500',
      suggest: suggestSymbols,
    },
    period: {
      type: 'string',
      description: 'Up to the newest bar: 30D, 2W, 6M, 5Y or max; the last 130 bars without it',
      example: '6M',
      suggest: (_, typed) => periods.filter((each) => each.toLowerCase().startsWith(typed.toLowerCase())),
    },
    interval: tradingOptions.interval,
    source: {
      type: 'string',
      description: 'Where the bars come from; without it the first source that knows the symbols',
      suggest: ({ desk }) => desk.sourceNames,
    },
    indicators: {
      type: 'pairs',
      description: 'Such as sma=50,200 rsi=14 bollinger=20,2',
      suggest: (_, typed) => suggestIndicators(typed),
    },
  },
  async run({ desk }, { symbols, period, interval, source, indicators = {} }) {
    const asked = { symbols: symbolList(symbols), indicators, ...(interval && { interval }) };
    const chart = await desk.data.chart({
      ...asked,
      ...(period !== undefined && { period: parsePeriod(period) }),
      ...(source !== undefined && { source }),
    });
    return chartReply(chart, { period, indicators });
  },
});

export const chart = defineCommand({
  name: 'chart',
  description: 'Candles of a symbol with indicators, or several symbols from a common start',
  group: 'Data',
  body: { action: chartAction },
});

interface Asked {
  readonly period: string | undefined;
  readonly indicators: Readonly<Record<string, string>>;
}

function chartReply(
  { symbols, source, interval, bars, first, last, file }: MarketChart,
  asked: Asked,
): Reply {
  const indicators = Object.entries(asked.indicators).map(([name, numbers]) => `${name}=${numbers}`);
  const options = {
    symbols: symbols.join(','),
    interval,
    source,
    ...(indicators.length > 0 && { indicators: indicators.join(' ') }),
  };
  const buttons = periods
    .filter((period) => period.toLowerCase() !== asked.period?.toLowerCase())
    .slice(0, 5)
    .map((period): CommandButton => ({ label: period, command: ['chart'], options: { ...options, period } }));
  return {
    title: [symbols.join(', '), ...indicators].join('  '),
    text: [`${bars} bars of ${interval} from ${source}, ${daysOf(first)} to ${daysOf(last)}.`],
    attachments: [file],
    buttons,
  };
}

/** Completes the name that is being typed and keeps what stands before it. */
function suggestIndicators(typed: string): readonly string[] {
  const begin = typed.lastIndexOf(' ') + 1;
  const word = typed.slice(begin).toLowerCase();
  if (word.includes('=')) return [typed];
  return chartIndicatorNames
    .filter((name) => name.startsWith(word))
    .map((name) => `${typed.slice(0, begin)}${name}=`);
}
