import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bookSettings } from '../../../engine/bank/book.ts';
import { type AlertFields, parseAlert } from '../../../engine/signals/alert.ts';
import { addressed, alertSchema, mirageAlert, plainAlert } from '../../../engine/signals/formats.ts';
import { handlerOf } from '../../../engine/signals/handlers/index.ts';
import { demoBook } from '../../support/trading.ts';

const docs = resolve(import.meta.dirname, '../../../docs');
const page = readFileSync(join(docs, 'alerts.md'), 'utf8');

/** The JSON of the sections that are named after a handler, with TradingView's placeholders filled in. */
const examples = page.split(/^### /m).flatMap((section) => {
  const title = section.slice(0, section.indexOf('\n'));
  const handler = { 'Several at once': 'order', "Mirage's format": 'pair' }[title] ?? title;
  if (!['order', 'position', 'pair'].includes(handler)) return [];
  return [...section.matchAll(/```json\n(.*?)```/gs)].map(
    ([, text = '']) => [handler, filledIn(text)] as const,
  );
});

function filledIn(text: string): string {
  const values: Record<string, string> = {
    ticker: 'BTCUSDT',
    close: '60000.5',
    time: '2024-11-29T09:48:00Z',
    timenow: '2024-11-29T09:48:26Z',
    'strategy.order.action': 'buy',
    'strategy.order.contracts': '0.25',
    'strategy.order.id': 'Long',
  };
  return text.replace(/{{([\w.]+)}}/g, (_, name: string) => values[name] ?? `no value for ${name}`);
}

const book = bookSettings.parse({
  ...demoBook,
  maximumLossPercent: '2',
  mirage: { strategy: 'crypto-pair-trading', instance: 'default' },
});

describe('docs/alerts.md', () => {
  test('has ready alerts for each handler', () => {
    expect(new Set(examples.map(([handler]) => handler))).toEqual(new Set(['order', 'position', 'pair']));
    expect(examples.length).toBeGreaterThan(8);
  });

  test.each(examples)('for %s, %s is understood, and known to the schema', (name, text) => {
    const parsed = parseAlert(Buffer.from(text));
    const alerts: readonly AlertFields[] = 'alerts' in parsed ? parsed.alerts : [];
    expect(alerts, 'the example is JSON').not.toEqual([]);
    const handler = handlerOf({ ...book, handler: { name, settings: {} } });
    for (const alert of alerts) {
      const { payload } = addressed(alert, 'demo', [book]);
      expect(handler?.read(payload).summary).toEqual(expect.any(String));
      const format = 'data' in alert ? mirageAlert : plainAlert.strict();
      expect(format.safeParse(alert).error?.issues).toBeUndefined();
    }
  });
});

test('docs/alerts.schema.json is what the desk takes', () => {
  const written: unknown = JSON.parse(readFileSync(join(docs, 'alerts.schema.json'), 'utf8'));
  expect(written, 'write the result of alertSchema() to the file, and format it').toEqual(alertSchema());
});

describe("an alert in Mirage's format", () => {
  const alert = {
    strategy: { name: 'crypto-pair-trading', instance_id: 'default' },
    data: { action: 'exit' },
  };

  test('is for the book that says so, with its data for the handler', () => {
    expect(addressed(alert, undefined, [demoBook, { ...book, name: 'pairs' }])).toEqual({
      book: 'pairs',
      payload: { action: 'exit' },
    });
  });

  test.each([
    [{ ...alert, data: undefined }, 'data: '],
    [{ ...alert, strategy: { name: 'x' } }, 'strategy.instance_id: '],
    [{ ...alert, side: 'long' }, 'side'],
    [{ ...alert, strategy: { name: 'buy-btc', instance_id: 'default' } }, 'No book is strategy buy-btc'],
  ])('%j is refused in words', (wrong, why) => {
    expect(() => addressed(wrong, undefined, [book])).toThrow(why);
  });

  test('at the address of another book is refused', () => {
    expect(() => addressed(alert, 'other', [book, { ...demoBook, name: 'other' }])).toThrow(
      'was sent to the address of "other"',
    );
  });
});
