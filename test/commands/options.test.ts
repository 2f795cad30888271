import { describe, expect, it } from 'vitest';
import { action, type Command, defineCommand } from '../../commands/command.ts';
import { checkOptions, parseTypedOptions, resolveCommand } from '../../commands/options.ts';
import { parseTyped } from '../../commands/typed.ts';

const backtest = defineCommand({
  name: 'backtest',
  description: 'Run a strategy over history',
  group: 'Backtests',
  body: {
    action: action({
      description: 'Run a strategy over history',
      role: 'viewer',
      options: {
        strategy: { type: 'string', description: 'Strategy to run', required: true },
        symbols: { type: 'string', description: 'Symbols, separated by commas', required: true },
        from: { type: 'date', description: 'First day' },
        cash: { type: 'number', description: 'Cash to begin with', min: 1 },
        bars: { type: 'integer', description: 'At most so many bars' },
        side: { type: 'choice', description: 'Side', choices: ['long', 'short'] },
        chart: { type: 'boolean', description: 'Draw a chart' },
        params: { type: 'pairs', description: 'Parameters of the strategy' },
      },
      run: async () => ({}),
    }),
  },
});
const book = defineCommand({
  name: 'book',
  description: 'Books',
  group: 'Books',
  body: {
    subcommands: {
      list: action({ description: 'All books', role: 'viewer', options: {}, run: async () => ({}) }),
      note: action({
        description: 'Write a note',
        role: 'trader',
        options: { text: { type: 'string', description: 'The note', required: true, rest: true } },
        run: async () => ({}),
      }),
    },
  },
});
const commands: readonly Command[] = [backtest, book];

function understand(line: string) {
  const { positional, named } = parseTyped(line);
  const { words, action: found, rest } = resolveCommand(positional, commands);
  return parseTypedOptions({ words, action: found }, rest, named);
}

describe('the options of a command', () => {
  it('are taken by position and by name, each in its type', () => {
    expect(
      understand(
        '/backtest sma_cross SP500 from=2010-01-31 cash=2_500.5 bars=100 side=LONG chart=no fast=10 slow=30',
      ),
    ).toEqual({
      strategy: 'sma_cross',
      symbols: 'SP500',
      from: new Date('2010-01-31T00:00:00Z'),
      cash: 2500.5,
      bars: 100,
      side: 'long',
      chart: false,
      params: { fast: '10', slow: '30' },
    });
  });

  it('fill the places that no name has taken', () => {
    expect(understand('/backtest strategy=sma_cross SP500 2010-01-31')).toMatchObject({
      strategy: 'sma_cross',
      symbols: 'SP500',
      from: new Date('2010-01-31T00:00:00Z'),
    });
  });

  it('may be the rest of the line', () => {
    expect(understand('/book note sold half, wait for Monday')).toEqual({
      text: 'sold half, wait for Monday',
    });
  });

  it('are the same when a platform gives them by name', () => {
    const { words, action: found } = resolveCommand(['backtest'], commands);
    expect(
      checkOptions(
        { words, action: found },
        { strategy: 's', symbols: 'A', cash: 5, chart: true, params: 'fast=1,2,3, slow=2; x=y' },
      ),
    ).toEqual({
      strategy: 's',
      symbols: 'A',
      cash: 5,
      chart: true,
      params: { fast: '1,2,3', slow: '2', x: 'y' },
    });
  });

  it.each([
    ['/bactest x', 'There is no command /bactest. Did you mean /backtest? Type /help to see them all.'],
    ['/xyzzy', 'There is no command /xyzzy. Type /help to see them all.'],
    ['/book lst', 'Did you mean /book list?'],
    ['/book', '/book needs one more word: /book list, /book note text.'],
    ['/backtest', 'strategy is missing: strategy to run. Usage: /backtest strategy symbols'],
    ['/book list now', '"now" is one word too many.'],
    ['/book list colour=red', 'There is no option "colour".'],
    ['/backtest s A cash=lots', 'cash must be a number, not "lots".'],
    ['/backtest s A cash=', 'cash must be a number, not "".'],
    ['/backtest s A cash=0x10', 'cash must be a number'],
    ['/backtest s A cash=0', 'cash must be at least 1, not 0.'],
    ['/backtest s A bars=1.5', 'bars must be a whole number, not "1.5".'],
    ['/backtest s A from=2010-02-30', 'from must be a date such as 2020-01-31, not "2010-02-30".'],
    ['/backtest s A side=up', 'side must be one of long, short, not "up".'],
    ['/backtest s A chart=maybe', 'chart must be yes or no, not "maybe".'],
  ])('that are wrong get one line: %s', (line, answer) => {
    expect(() => understand(line)).toThrow(answer);
  });

  it('cannot be reached through names that every object has', () => {
    expect(() => understand('/constructor')).toThrow('There is no command');
    expect(() => understand('/book constructor')).toThrow('has no "constructor"');
    expect(() => understand('/book list constructor=1')).toThrow('There is no option');
  });
});
