import { expect, test } from 'vitest';
import { nearest } from '../../engine/nearest.ts';

const commands = ['backtest', 'book', 'bank', 'plan', 'position', 'orders', 'help'];

test('a mistyped word finds what was meant', () => {
  expect(nearest('bakctest', commands), 'two letters swapped').toEqual(['backtest']);
  expect(nearest('postion', commands), 'a letter left out').toEqual(['position']);
  expect(nearest('PLAN', commands), 'case does not count').toEqual(['plan']);
});

test('the beginning of a word finds the whole of it', () => {
  expect(nearest('back', commands)).toContain('backtest');
});

test('the closest comes first, and ties are in alphabetical order', () => {
  expect(nearest('backup', ['back', 'backups'])).toEqual(['backups', 'back']);
  expect(nearest('aac', ['aab', 'aaa', 'aac'])).toEqual(['aac', 'aaa', 'aab']);
});

test('nothing near is nothing offered', () => {
  expect(nearest('zzzzzz', commands)).toEqual([]);
  expect(nearest('', commands)).toEqual([]);
  expect(nearest('help', [])).toEqual([]);
});

test('no more than the limit is offered', () => {
  expect(nearest('A1', ['A2', 'A3', 'A4', 'A5'], 2)).toEqual(['A2', 'A3']);
});
