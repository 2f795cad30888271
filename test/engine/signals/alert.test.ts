import { describe, expect, test } from 'vitest';
import { parseAlert } from '../../../engine/signals/alert.ts';

const parse = (text: string) => parseAlert(Buffer.from(text));

describe('pairs', () => {
  test.each([
    ['action=buy ticker=SP500 quantity=1', { action: 'buy', ticker: 'SP500', quantity: '1' }],
    ['action=buy,ticker=SP500;quantity=1\n', { action: 'buy', ticker: 'SP500', quantity: '1' }],
    ['action=buy\r\nticker=BINANCE:BTCUSDT', { action: 'buy', ticker: 'BINANCE:BTCUSDT' }],
    [`comment="two words, one 'quote'" tag='a "b"'`, { comment: `two words, one 'quote'`, tag: 'a "b"' }],
    ['empty= also=""', { empty: '', also: '' }],
    ['formula=a=b url=https://x/?y=z&w', { formula: 'a=b', url: 'https://x/?y=z&w' }],
    ['constructor=1 toString=2', { constructor: '1', toString: '2' }],
  ])('%j', (text, fields) => {
    expect(parse(text)).toEqual({ alerts: [fields], isList: false });
  });

  test.each([
    ['buy now', 'pairs'],
    ['action=buy now', 'pairs'],
    ['action = buy', 'pairs'],
    ['comment="not closed', 'pairs'],
    ['comment="closed"tail', 'pairs'],
    ['=buy', 'pairs'],
    ['action=buy action=sell', '"action" twice'],
    ['__proto__=1', '__proto__'],
  ])('%j is refused: an alert that is only half understood trades nothing', (text, problem) => {
    expect(parse(text)).toEqual({ problem: expect.stringContaining(problem) });
  });
});

describe('JSON', () => {
  test('an object is taken as it is', () => {
    expect(parse(' {"action":"buy","size":{"percent":10}}\n')).toEqual({
      alerts: [{ action: 'buy', size: { percent: 10 } }],
      isList: false,
    });
  });

  test('a list is taken in its order', () => {
    expect(parse('[{"action":"sell"},{"action":"buy"}]')).toEqual({
      alerts: [{ action: 'sell' }, { action: 'buy' }],
      isList: true,
    });
  });

  test.each([
    ['{"action":"buy"', 'it is not'],
    ["{'action':'buy'}", 'it is not'],
    ['[1]', 'alert 1 of the list must be an object'],
    ['[{"action":"buy"},[]]', 'alert 2 of the list must be an object'],
    ['[]', 'an empty list'],
    [JSON.stringify(Array(51).fill({})), 'has 51 alerts; at most 50'],
    ['7', 'pairs'],
    ['"key=1"', 'must be an object'],
    ['{"a":{"__proto__":{"admin":true}}}', '__proto__'],
    [`{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'too deep'],
    [`{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, ''],
  ])('%.40s is refused', (text, problem) => {
    expect(parse(text)).toEqual({ problem: expect.stringContaining(problem) });
  });
});

test('an empty body and one that is no text are refused', () => {
  expect(parse('  \n')).toEqual({ problem: 'the body is empty' });
  expect(parseAlert(Buffer.from([0x61, 0x3d, 0xff]))).toEqual({ problem: 'the body is not UTF-8 text' });
});
