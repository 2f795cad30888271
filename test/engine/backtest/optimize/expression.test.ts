import { expect, test } from 'vitest';
import { parseExpression } from '../../../../engine/backtest/optimize/expression.ts';

const names = { fast: 5, slow: 20, side: 'long', hedged: false };

test.each([
  ['fast < slow', true],
  ['fast * 4 = slow', true],
  ['fast*4 <= slow - 1', false],
  ['slow - fast - 5 == 10', true],
  ['slow / fast / 2 >= 2', true],
  ['2 + 3 * fast != 17 or fast > slow', false],
  ['not fast > slow and slow < 21', true],
  ['fast > slow && fast > 0 || slow > 0', true],
  ['fast > slow && (fast > 0 || slow > 0)', false],
  ["side = 'long' and hedged = false", true],
  ['-fast + 1.5e1', 10],
  ['-(fast - slow) * .5', 7.5],
])('%s', (source, value) => {
  expect(parseExpression(source).evaluate(names)).toBe(value);
});

test.each([
  ['fast <', 'It ends too early'],
  ['', 'It ends too early'],
  ['fast < slow)', '")" is not expected at character 12'],
  ['fast ; slow', '";" is not expected at character 6'],
  ['fast slow', '"slow" is not expected at character 6'],
  ['process.exit(1)', '"." is not expected at character 8'],
  ['fast < and', '"and" is not expected at character 8'],
  [`${'('.repeat(600)}`, 'at most 500 characters'],
])('says what is wrong with %s', (source, problem) => {
  expect(() => parseExpression(source)).toThrow(problem);
});

test('says which name is unknown, even where it would not be looked at', () => {
  const formula = parseExpression('fast < slow or slwo > 3');
  expect(() => formula.check(Object.keys(names))).toThrow('nothing called "slwo" here. Did you mean slow?');
  expect(() => parseExpression('constructor = 1').evaluate(names)).toThrow('nothing called "constructor"');
});

test('does not compute with what is no number', () => {
  expect(() => parseExpression('side + 1').evaluate(names)).toThrow(
    'computes with numbers, and "long" is none',
  );
  expect(() => parseExpression('fast and slow').evaluate(names)).toThrow('go between comparisons');
});
