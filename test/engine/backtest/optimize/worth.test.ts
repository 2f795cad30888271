import { expect, test } from 'vitest';
import { Worth } from '../../../../engine/backtest/optimize/worth.ts';

/** Of a thread that took 50 ms to start. */
const startedIn50 = () => {
  const worth = new Worth(1000);
  worth.ready(1050);
  return worth;
};

test('a thread that has not started, or is still warming up, says nothing about how many are worth it', () => {
  expect(new Worth(1000).threads(9000, 0, 1_000_000)).toBe(1);
  expect(startedIn50().threads(1100, 1, 1_000_000)).toBe(1);
});

test('runs while it warmed up do not count: they were slow', () => {
  const worth = startedIn50();
  expect(worth.threads(1450, 100, 400)).toBe(1);
  // 400 runs in 100 ms: what is left is no work any more.
  expect(worth.threads(1550, 500, 400)).toBe(1);
});

test('a long search is worth a thread for each part of it that is long beside the start of a thread', () => {
  const worth = startedIn50();
  worth.threads(1450, 100, 0);
  // A run each 10 ms, and 2 s of them; then 20 s.
  expect(worth.threads(1550, 110, 200)).toBe(3);
  expect(worth.threads(1550, 110, 2000)).toBe(27);
});

test('runs of which not one is done yet are worth all threads', () => {
  const worth = startedIn50();
  worth.threads(1450, 0, 8);
  expect(worth.threads(1550, 0, 8)).toBe(Number.POSITIVE_INFINITY);
  expect(worth.threads(1550, 0, 0)).toBe(1);
});
