/**
 * Reminds of what should be looked at before the market opens: brokers that are not ready, books that are stopped.
 * It ends with an error when there is something, so that chat is told then and only then.
 */
// @schedule 0 9 * * mon-fri
// @timezone America/New_York
// @notify error
// @enabled false
import { readFileSync } from 'node:fs';

interface Desk {
  readonly brokers: readonly { readonly name: string; readonly state: string; readonly why: string | null }[];
  readonly books: readonly { readonly name: string; readonly active: boolean; readonly suspended: boolean }[];
}

const desk: Desk = JSON.parse(readFileSync(process.env['OUTCRY_DESK'] ?? 'desk.json', 'utf8'));

const lines = [
  ...desk.brokers
    .filter(({ state }) => state !== 'ready')
    .map(({ name, state, why }) => `Broker ${name} is ${state}${why === null ? '' : `: ${why}`}`),
  ...desk.books.filter(({ active }) => !active).map(({ name }) => `Book ${name} is not active.`),
  ...desk.books.filter(({ suspended }) => suspended).map(({ name }) => `Book ${name} is suspended.`),
];

console.log(lines.length === 0 ? 'Everything is ready.' : lines.join('\n'));
process.exitCode = lines.length === 0 ? 0 : 1;
