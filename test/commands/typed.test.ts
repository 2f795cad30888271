import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTyped } from '../../commands/typed.ts';
import { UserError } from '../../engine/errors.ts';

describe('a typed command', () => {
  it('is taken apart at spaces, with or without its slash', () => {
    expect(parseTyped('/backtest sma_cross  SP500')).toEqual({
      positional: ['backtest', 'sma_cross', 'SP500'],
      named: {},
    });
    expect(parseTyped(' status ')).toEqual({ positional: ['status'], named: {} });
  });

  it('names options with name=value, in any place and any case of the name', () => {
    expect(parseTyped('/backtest Cash=5000 sma_cross fast=10')).toEqual({
      positional: ['backtest', 'sma_cross'],
      named: { cash: '5000', fast: '10' },
    });
  });

  it('keeps words in quotes together, and an empty quote is a word', () => {
    expect(parseTyped(`/suspend reason="earnings are near" ""`)).toEqual({
      positional: ['suspend', ''],
      named: { reason: 'earnings are near' },
    });
  });

  it('understands the curly quotes that a phone makes', () => {
    expect(parseTyped('/suspend reason=“out for lunch” ‘my book’ „Pause“').named).toEqual({
      reason: 'out for lunch',
    });
    expect(parseTyped('/x „Pause“ «deux mots»').positional).toEqual(['x', 'Pause', 'deux mots']);
  });

  it('takes an apostrophe inside a word for a letter', () => {
    expect(parseTyped("/x o'clock it’s").positional).toEqual(['x', "o'clock", 'it’s']);
  });

  it('turns the dashes of a phone back into hyphens, but not inside quotes', () => {
    expect(parseTyped('/x 2020–01–31 −5 —fast=3 "a — b"')).toEqual({
      positional: ['x', '2020-01-31', '-5', 'a — b'],
      named: { fast: '3' },
    });
  });

  it('refuses a quote that is never closed, and a name that is given twice', () => {
    expect(() => parseTyped('/x "open')).toThrow(UserError);
    expect(() => parseTyped('/x a=1 A=2')).toThrow('a is given twice');
  });

  it('gives back any word that was put in quotes, whatever is in it', () => {
    const word = fc.string({ unit: 'grapheme' }).filter((text) => !/["“”„]/.test(text));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        const line = `/x ${words.map((text) => `"${text}"`).join(' ')}`;
        expect(parseTyped(line).positional).toEqual(['x', ...words]);
      }),
    );
  });

  it('never throws anything but a line for the user', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (line) => {
        try {
          parseTyped(line);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
    );
  });
});

describe('JSON that is pasted into a command', () => {
  const alert = '{"action": "buy", "comment": "two } words, it\'s \\"quoted\\"", "sizes": [1, 2]}';

  it.each([
    [`/signal test ${alert}`, ['signal', 'test', alert], {}],
    [`/signal test ${alert} book=demo`, ['signal', 'test', alert], { book: 'demo' }],
    [`/signal test book=demo ${alert} more`, ['signal', 'test', alert, 'more'], { book: 'demo' }],
    [`/signal test [${alert},\n${alert}]`, ['signal', 'test', `[${alert},\n${alert}]`], {}],
    ['/signal test {“action”: “buy”}', ['signal', 'test', '{“action”: “buy”}'], {}],
    [`/signal test payload=${alert}`, ['signal', 'test'], { payload: alert }],
    ['/note {never closed', ['note', '{never', 'closed'], {}],
    ['/note a{b} c', ['note', 'a{b}', 'c'], {}],
  ])('stays one word with all its quotes: %s', (text, positional, named) => {
    expect(parseTyped(text)).toEqual({ positional, named });
  });
});
