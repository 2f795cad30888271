/** What can be said of a plan when it is made or changed, and how that becomes its settings. */
import type { PlanDraft, PlanSettings } from '../engine/desk.ts';
import { calendarNames } from '../engine/desk.ts';
import { UserError } from '../engine/errors.ts';
import type { OptionSet, OptionValues, StringOption } from './command.ts';
import { strategyOption } from './strategy.ts';
import { suggestSymbols, symbolList, symbolsOption } from './symbols.ts';

export const planOption = {
  plan: {
    type: 'string',
    description: 'Plan',
    example: 'demo',
    required: true,
    suggest: ({ desk }) => desk.plans.names(),
  } satisfies StringOption,
} as const;

const entries = { open: 'on open', close: 'on close', regular: 'regular hours' } as const;

const nameOption = {
  name: { type: 'string', description: 'How the plan is called', required: true, example: 'rotation_daily' },
} as const satisfies OptionSet;

/** Of every plan. */
const coreOptions = {
  strategy: strategyOption,
  symbols: symbolsOption,
  source: {
    type: 'string',
    description: 'Where its bars come from',
    required: true,
    example: 'demo',
    suggest: ({ desk }) => desk.sourceNames,
  },
  book: {
    type: 'string',
    description: 'Whose money it trades; a book without a handler',
    required: true,
    example: 'rotation',
    suggest: ({ desk }) => desk.plans.freeBooks(),
  },
  from: {
    type: 'date',
    description: 'First day of the data that its strategy sees',
    required: true,
    example: '2018-01-01',
  },
} as const satisfies OptionSet;

/** What has a default, or can be left out. */
const furtherOptions = {
  times: {
    type: 'string',
    description: 'When it runs: 9:30, 15:59:30, 9:30-16:00/30min, close-2min; without it by hand',
    example: '16:30',
  },
  calendar: {
    type: 'choice',
    description: 'Trading days and hours of its market; without it every day',
    choices: calendarNames,
  },
  timezone: {
    type: 'string',
    description: 'Of its times; that of its calendar without it',
    example: 'America/New_York',
  },
  entry: {
    type: 'choice',
    description: 'When orders trade: at the next open, at the close, or at once in regular hours',
    choices: ['open', 'close', 'regular'],
  },
  mode: {
    type: 'choice',
    description: 'strict: always from the start; incremental: from what the book holds',
    choices: ['strict', 'incremental'],
  },
  start: { type: 'date', description: 'First day on which it trades; that of its first run without it' },
  cash: {
    type: 'number',
    description: 'With what the simulation begins; the capital of the book without it',
    min: 1,
  },
  holding: {
    type: 'string',
    description: 'Units that the book holds at the start',
    example: 'AMBR=10,BRKW=5',
  },
  commission: {
    type: 'number',
    description: 'Rate of the traded value, in the simulation',
    min: 0,
    max: 0.0999,
  },
  notional: { type: 'string', description: 'An order worth more than this is not sent', example: '5000' },
  shares: { type: 'string', description: 'An order of more units than this is not sent', example: '500' },
  grace: { type: 'integer', description: 'A run that is later than so many seconds is skipped', min: 0 },
  bars_within: { type: 'integer', description: 'How many seconds a run waits for late bars', min: 0 },
  failures: { type: 'integer', description: 'After so many failed runs in a row it stops', min: 1 },
  interval: {
    type: 'choice',
    description: 'Length of a bar; 1d without it',
    choices: ['1m', '5m', '15m', '30m', '1h', '4h', '1d', '1w', '1mo'],
  },
  description: { type: 'string', description: 'What it is for, in a line' },
  simulation: {
    type: 'string',
    description: 'What else is asked of the simulated broker, as fractional=0.0001 margin=0.5',
    example: 'fractional=0.0001',
  },
  params: { type: 'pairs', description: "The strategy's own parameters, such as fast=10 slow=30" },
} as const satisfies OptionSet;

export const createOptions = { ...nameOption, ...coreOptions, ...furtherOptions } as const;

export const setOptions = {
  ...planOption,
  strategy: { ...strategyOption, required: false },
  symbols: { ...symbolsOption, required: false, suggest: suggestSymbols },
  source: { ...coreOptions.source, required: false },
  from: { ...coreOptions.from, required: false },
  without: {
    type: 'string',
    description: 'What is to be as if it had never been said: options, or parameters of the strategy',
    example: 'notional,fast',
  },
  ...furtherOptions,
} as const satisfies OptionSet;

type Chosen = Omit<OptionValues<typeof setOptions>, 'plan' | 'without'> &
  Partial<Omit<OptionValues<typeof createOptions>, keyof typeof setOptions>>;

/** What can be taken away again, and under which key of a plan it stands. */
const keysOfOptions: Readonly<Record<keyof typeof furtherOptions, string>> = {
  times: 'schedule',
  calendar: 'calendar',
  timezone: 'schedule.timezone',
  entry: 'entry',
  mode: 'mode',
  start: 'tradeStart',
  cash: 'cash',
  holding: 'holding',
  commission: 'commission',
  notional: 'limits.notional',
  shares: 'limits.shares',
  grace: 'graceSeconds',
  bars_within: 'barsWithinSeconds',
  failures: 'stopAfterFailures',
  interval: 'interval',
  description: 'description',
  simulation: 'simulation',
  params: 'params',
};

/**
 * Settings by their keys; what was not said is not in it.
 * @throws UserError for what cannot be read
 */
export function planDraft(chosen: Chosen): PlanDraft {
  const { symbols, from, start, entry, holding, simulation, params = {} } = chosen;
  const draft: Record<string, unknown> = {
    strategy: chosen.strategy,
    symbols: symbols === undefined ? undefined : symbolList(symbols),
    source: chosen.source,
    book: chosen.book,
    backtestStart: from && day(from),
    tradeStart: start && day(start),
    'schedule.times': chosen.times,
    'schedule.timezone': chosen.timezone,
    calendar: chosen.calendar,
    entry: entry && entries[entry],
    mode: chosen.mode,
    cash: chosen.cash,
    holding: holding === undefined ? undefined : holdingOf(holding),
    commission: chosen.commission,
    'limits.notional': chosen.notional,
    'limits.shares': chosen.shares,
    graceSeconds: chosen.grace,
    barsWithinSeconds: chosen.bars_within,
    stopAfterFailures: chosen.failures,
    interval: chosen.interval,
    description: chosen.description,
    ...(simulation !== undefined && simulationOf(simulation)),
    ...Object.fromEntries(Object.entries(params).map(([name, value]) => [`params.${name}`, value])),
  };
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined));
}

/**
 * Settings to be taken away, by their keys.
 * @throws UserError for what is neither an option nor a parameter that the plan has
 */
export function takenAway(text: string, { params }: PlanSettings): PlanDraft {
  const keys = text
    .split(/[\s,;]+/)
    .filter((word) => word !== '')
    .map((word) => {
      const param = Object.keys(params).find((name) => name.toLowerCase() === word.toLowerCase());
      if (param !== undefined) return `params.${param}`;
      if (Object.hasOwn(keysOfOptions, word)) return keysOfOptions[word as keyof typeof keysOfOptions];
      const known = [...Object.keys(params), ...Object.keys(keysOfOptions)];
      throw new UserError(`"${word}" cannot be taken away. These can: ${known.join(', ')}.`);
    });
  return Object.fromEntries(keys.map((key) => [key, undefined]));
}

/** The keys of `changes` at which two states of a plan differ. */
export function differingKeys(changes: PlanDraft, before: PlanSettings, after: PlanSettings): string[] {
  const at = (settings: unknown, key: string) =>
    key.split('.').reduce((part, name) => (part as Record<string, unknown> | undefined)?.[name], settings);
  return Object.keys(changes).filter(
    (key) => JSON.stringify(at(before, key)) !== JSON.stringify(at(after, key)),
  );
}

const simulationNames = [
  'semantics',
  'spread',
  'margin',
  'lotSize',
  'fractional',
  'hedging',
  'exclusiveOrders',
  'failFast',
] as const satisfies readonly (keyof PlanSettings['simulation'])[];

/** `lot_size` is `lotSize`, as everywhere else in chat. */
function simulationOf(text: string): Record<string, unknown> {
  return Object.fromEntries(
    text
      .trim()
      .split(/[\s,;]+/)
      .map((part) => {
        const [, typed = '', value = ''] = /^(\w+)=(\S+)$/.exec(part) ?? [];
        const name = simulationNames.find(
          (each) => each.toLowerCase() === typed.replaceAll('_', '').toLowerCase(),
        );
        if (name === undefined) {
          throw new UserError(
            `"${part}" is nothing that a simulated broker is asked. Write it as fractional=0.0001; there is ${simulationNames.join(', ')}.`,
          );
        }
        return [`simulation.${name}`, simulationValue(value)];
      }),
  );
}

function simulationValue(text: string): string | number | boolean {
  if (/^(true|yes|on)$/i.test(text)) return true;
  if (/^(false|no|off)$/i.test(text)) return false;
  return Number.isNaN(Number(text)) ? text : Number(text);
}

function holdingOf(text: string): Record<string, number> {
  return Object.fromEntries(
    text.split(/[\s,;]+/).map((part) => {
      const [symbol = '', units = ''] = part.split(/[:=]/);
      if (symbol === '' || !/^-?\d+$/.test(units)) {
        throw new UserError(`"${part}" is no holding such as AMBR=10: a symbol and whole units.`);
      }
      return [symbol.toUpperCase(), Number(units)];
    }),
  );
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
