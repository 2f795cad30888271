import { describe, expect, it } from 'vitest';
import { choicesOf } from '../../commands/choices.ts';

describe('what a parameter may be', () => {
  it.each([
    ['5..8', [5, 6, 7, 8]],
    ['5..30/5', [5, 10, 15, 20, 25, 30]],
    ['5..29/5', [5, 10, 15, 20, 25]],
    ['0.1..0.3/0.1', [0.1, 0.2, 0.3]],
    ['-2..2/2', [-2, 0, 2]],
    ['7..7', [7]],
    ['10', [10]],
    ['10, 20,40', [10, 20, 40]],
    ['yes,no', [true, false]],
    ['ema,sma', ['ema', 'sma']],
  ])('%s', (text, values) => {
    expect(choicesOf('fast', text)).toEqual(values);
  });

  it.each([
    ['30..5', 'fast=30..5 has no values'],
    ['5..30/0', 'has no values'],
    ['5..30/-5', 'has no values'],
    ['5,,6', 'is neither a span'],
    ['', 'is neither a span'],
    ['0..1e9', 'at most 10000 can be tried'],
  ])('%s is refused', (text, line) => {
    expect(() => choicesOf('fast', text)).toThrow(line);
  });
});
