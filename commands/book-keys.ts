/** The settings of a book as chat names them, each with its key in the book's file. */

import type { Host } from './command.ts';
import { code, type RichText, rich } from './reply.ts';

/** What `/book set` changes, by its name there. */
export const bookKeys = {
  description: 'description',
  handler: 'handler.name',
  handler_settings: 'handler.settings',
  pool: 'pool',
  minimum_entry: 'minimumEntry',
  maximum_loss_percent: 'maximumLossPercent',
  approve_above: 'approveAbove',
  approve_persons: 'approvePersons',
  approve_within_seconds: 'approveWithinSeconds',
  limit_order: 'limits.order',
  limit_day: 'limits.notionalPerDay',
  limit_positions: 'limits.openPositions',
  limit_loss: 'limits.lossPerDay',
  limit_orders_minute: 'limits.ordersPerMinute',
  expect_signal_seconds: 'expectSignalEverySeconds',
  stale_after_seconds: 'staleAfterSeconds',
} as const;

export type BookKey = keyof typeof bookKeys;

export const bookKeyNames = Object.keys(bookKeys) as BookKey[];

/** As YAML: what is free text must not be read as something else. */
export function yamlOf(name: BookKey, value: string): string {
  return name === 'description' ? JSON.stringify(value) : value;
}

/** A message for TradingView that the handler of the book understands, with the key in it. */
const alertOf: Readonly<Record<string, (key: string) => string>> = {
  order: (key) =>
    `{"key": "${key}", "action": "{{strategy.order.action}}", "ticker": "{{ticker}}", "quantity": "{{strategy.order.contracts}}", "tag": "{{strategy.order.id}}", "id": "{{ticker}} {{strategy.order.id}} {{timenow}}"}`,
  position: (key) =>
    `{"key": "${key}", "action": "entry", "side": "long", "ticker": "{{ticker}}", "price": "{{close}}", "stop": "58000", "id": "{{ticker}} {{time}} entry"}`,
  pair: (key) =>
    `{"key": "${key}", "action": "entry", "side": "long", "pair": "BINANCE:NEOUSDT-12*BINANCE:ADAUSDT", "price": 4.0, "stoploss_price": 3.8}`,
};

/** How alerts reach a book, with the key that is shown this once. */
export function sendersText(host: Host, book: string, handler: string | undefined, key: string): RichText {
  const webhook = host.webhook();
  const isOpen = webhook.startsWith('http');
  const message = handler === undefined ? undefined : alertOf[handler]?.(key);
  return [
    ...rich`\nKey of its senders, shown this once: ${code(key)}\n`,
    ...(isOpen
      ? rich`Webhook address: ${code(`${webhook.replace(/\/$/, '')}/hooks/${book}`)}, behind the name under which this machine is reached.\n`
      : rich`No alerts are taken yet (webhook: ${webhook}): desk.yaml opens it.\n`),
    ...(message === undefined ? [] : [...rich`Message of the alert in TradingView:`, { block: message }]),
    'Copy them now, and keep this message from others.',
  ];
}
