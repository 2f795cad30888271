import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OrderNews, OrderState } from '../../../engine/execution/states.ts';
import {
  isFinal,
  openStates,
  orderStates,
  stateAfter,
  transitions,
} from '../../../engine/execution/states.ts';
import { decimal } from '../../../engine/money.ts';

const quantity = decimal('10');

/** What a broker may report: something about the order, or one of its fills (by id, with its size). */
type Report = { readonly news: OrderNews } | { readonly fill: string; readonly size: number };

/** Takes reports as the executor does: fills are counted once by their id, and outweigh what is said. */
function outcomeOf(reports: readonly Report[], from: OrderState = 'sending') {
  const fills = new Map<string, number>();
  const path: OrderState[] = [from];
  let state = from;
  for (const report of reports) {
    if ('fill' in report) fills.set(report.fill, report.size);
    const filled = [...fills.values()].reduce((sum, size) => sum + size, 0);
    state = stateAfter(state, 'fill' in report ? 'filled' : report.news, {
      quantity,
      filled: decimal(String(filled)),
    });
    path.push(state);
  }
  return { state, path, filled: [...fills.values()].reduce((sum, size) => sum + size, 0) };
}

const news = fc
  .constantFrom<OrderNews>('accepted', 'rejected', 'cancelled', 'expired', 'unknown')
  .map((said): Report => ({ news: said }));
/** Parts of the order, never more than all of it: three, four and three of ten. */
const fill = fc.constantFrom<Report>(
  { fill: 'f1', size: 3 },
  { fill: 'f2', size: 4 },
  { fill: 'f3', size: 3 },
);
const anyReports = fc.array(fc.oneof(news, fill), { maxLength: 12 });

describe('an order, whatever its broker reports', () => {
  test('never takes a step that the table does not allow', () => {
    fc.assert(
      fc.property(anyReports, (reports) => {
        const { path } = outcomeOf(reports);
        for (const [index, state] of path.entries()) {
          const before = path[index - 1];
          if (before === undefined || before === state) continue;
          expect(transitions[before], `${before} -> ${state}`).toContain(state);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('is filled if, and only if, its fills make up its quantity', () => {
    fc.assert(
      fc.property(anyReports, (reports) => {
        const { state, filled } = outcomeOf(reports);
        expect(state === 'filled').toBe(filled === 10);
      }),
      { numRuns: 2000 },
    );
  });

  test('is never called rejected, working or unknown when a part of it was filled', () => {
    fc.assert(
      fc.property(anyReports, (reports) => {
        const { state, filled } = outcomeOf(reports);
        if (filled > 0) expect(['partly_filled', 'filled', 'cancelled', 'expired']).toContain(state);
        else expect(state).not.toBe('partly_filled');
      }),
      { numRuns: 2000 },
    );
  });

  test('ends in the same state when its fills come doubled and in another order', () => {
    const fills = fc.uniqueArray(fill, { selector: (report) => ('fill' in report ? report.fill : '') });
    const end = fc.constantFrom<readonly Report[]>(
      [],
      [{ news: 'cancelled' }],
      [{ news: 'expired' }],
      [{ news: 'rejected' }],
    );
    fc.assert(
      fc.property(fills, end, fc.infiniteStream(fc.nat()), (some, last, dice) => {
        const straight = outcomeOf([{ news: 'accepted' }, ...some, ...last]);
        const shuffled: Report[] = [{ news: 'accepted' }];
        for (const report of [...some, ...last, ...some, ...last]) {
          shuffled.splice(1 + ((dice.next().value ?? 0) % shuffled.length), 0, report);
        }
        expect(outcomeOf(shuffled).state).toBe(straight.state);
      }),
      { numRuns: 2000 },
    );
  });

  test('does not go back: what is working does not become unknown because one question was lost', () => {
    expect(outcomeOf([{ news: 'accepted' }, { news: 'unknown' }]).state).toBe('working');
  });

  test('a fill after a cancellation or a rejection is still counted', () => {
    const all: Report[] = [
      { fill: 'f1', size: 3 },
      { fill: 'f2', size: 4 },
      { fill: 'f3', size: 3 },
    ];
    expect(outcomeOf([{ news: 'cancelled' }, ...all]).state).toBe('filled');
    expect(outcomeOf([{ news: 'rejected' }, { fill: 'f1', size: 3 }]).state).toBe('cancelled');
  });
});

test('every state is either final or open, and from each open one an end can be reached', () => {
  for (const state of orderStates) expect(isFinal(state)).toBe(!openStates.includes(state));
  for (const state of openStates) expect(transitions[state].some(isFinal)).toBe(true);
});
