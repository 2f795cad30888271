import { describe, expect, it } from 'vitest';
import { mergeParams, readParams } from '../../../engine/backtest/params.ts';

const SmaCross = { name: 'SmaCross', params: { fast: 10, slow: 20, longOnly: false, label: 'x' } };

describe('parameters of a strategy', () => {
  it('take the place of its own values', () => {
    expect(mergeParams(SmaCross, { fast: 5 })).toEqual({ fast: 5, slow: 20, longOnly: false, label: 'x' });
  });

  it('are read from what people type, as the type of its own value', () => {
    expect(readParams(SmaCross, { FAST: '5', longonly: 'yes', label: '7', slow: 30 })).toEqual({
      fast: 5,
      longOnly: true,
      label: '7',
      slow: 30,
    });
  });

  it.each([
    [{ fsat: '5' }, 'SmaCross has no parameter "fsat". Did you mean fast?'],
    [{ fast: 'five' }, 'Parameter fast of SmaCross is a number such as 10, not "five".'],
    [{ fast: '' }, 'Parameter fast of SmaCross is a number'],
    [{ longOnly: 'maybe' }, 'Parameter longOnly of SmaCross is a boolean such as false, not "maybe".'],
    [{ constructor: '1' }, 'has no parameter "constructor"'],
  ])('that cannot be right get one line: %o', (given, line) => {
    expect(() => readParams(SmaCross, given as Record<string, string>)).toThrow(line);
  });

  it('are not converted for code, which can say what it means', () => {
    expect(() => mergeParams(SmaCross, { fast: '5' })).toThrow('is a number such as 10, not "5"');
  });
});
