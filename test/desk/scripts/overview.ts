/** What somebody asks first. */
import { script } from './script.ts';

export const overview = [
  script('help', 'offers each role what it may do, and no more', async ({ ann, vera }) => {
    await ann.types('/help', { shows: ['/backtest', '/book', '/terminate'], forMeAlone: true });
    await vera.types('/help buy', { shows: ['/buy book symbol size', 'Buy for a book'], forMeAlone: true });
    await vera.types('/help candles', {
      shows: ['/chart', '/data chart'],
      lacks: ['/log'],
      forMeAlone: true,
    });
  }),
  script('status', 'says what runs, and what needs somebody', async ({ vera }) => {
    await vera.types('/status', {
      shows: ['Differences between brokers and books'],
      fields: {
        ...{ Books: '5', Store: 'SQLite', Brokers: 'paper ready, shared ready, depot ready' },
        // The accounts were compared with the books, and what they hold was priced.
        Sources: /demo heard \d+ \w+ \d\d:\d\d UTC, csv not heard yet/,
        'Next jobs': /plan demo at/,
      },
      tone: 'warning',
    });
  }),
  script('ping', 'answers that the desk is there', async ({ vera }) => {
    await vera.types('/ping', { shows: [/Here\. The store answered in \d/], tone: 'success' });
  }),
  script('version', 'tells which Outcry runs, and on what', async ({ vera }) => {
    await vera.types('/version', {
      shows: ['Outcry 0.0.0-test'],
      fields: { Environment: 'demo', Node: process.version },
    });
  }),
  script('whoami', 'tells people who the desk takes them for', async ({ tom }) => {
    await tom.types('/whoami', {
      shows: [`You are ${tom.name}, and your role is`],
      fields: { 'Limited to': 'nothing', From: 'desk.yaml' },
      forMeAlone: true,
    });
  }),
] as const;
