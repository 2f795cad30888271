// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the configuration's own notation
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bookFile } from '../../../bot/config/book.ts';
import { type ConfigRequest, loadConfig } from '../../../bot/config/load.ts';
import { ConfigError } from '../../../bot/config/problems.ts';
import AboveAverage from '../../../config.example/live/strategies/above_average.ts';
import { Backtest, type Bars } from '../../../engine/backtest/index.ts';
import { UserError } from '../../../engine/errors.ts';
import { handlerOf } from '../../../engine/signals/handlers/index.ts';

const project = resolve(import.meta.dirname, '../../..');
const handlers = ['order', 'position', 'pair'];
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'outcry-config-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(files: Readonly<Record<string, string>>, folder = 'config/demo'): void {
  for (const [file, text] of Object.entries(files)) {
    const path = join(root, folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

const load = (request: Partial<ConfigRequest> = {}) =>
  loadConfig({ root, environment: {}, knownHandlers: handlers, ...request });

/** The lines of what was thrown; fails when the configuration was accepted. */
function mistakes(request: Partial<ConfigRequest> = {}): readonly string[] {
  try {
    load(request);
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

const desk = `
sources: { demo: { type: demo } }
brokers: { paper: { type: paper, source: demo, balances: { USD: "1000" } } }
`;
const book = 'name: one\ncurrency: USD\ncapital: 100\nbroker: paper\n';
const plan = `name: daily
strategy: trend
symbols: [AMBR]
source: demo
backtestStart: 2020-01-01
tradeStart: 2024-01-01
book: one
`;

describe('the examples', () => {
  test('without config/ the demo of config.example runs, and the configuration says that it is the example', () => {
    cpSync(join(project, 'config.example'), join(root, 'config.example'), { recursive: true });
    const config = load();
    expect(config).toMatchObject({
      name: 'demo',
      isExample: true,
      folder: join(root, 'config.example/demo'),
      dataFolder: join(root, 'data/demo'),
      store: { kind: 'sqlite' },
      platforms: { console: { enabled: true, role: 'admin' } },
      webhook: { host: '127.0.0.1', port: 8080, trustProxy: [] },
      sources: { demo: { type: 'demo', folder: join(root, 'config.example/demo/data') } },
    });
    expect(config.books.map(({ name }) => name)).toEqual(['demo', 'rotation']);
    expect(config.plans).toMatchObject([
      {
        name: 'demo',
        book: 'rotation',
        schedule: { times: '16:30', timezone: 'America/New_York' },
      },
    ]);
  });

  test('the live example loads once its variables are set, with every section in it', () => {
    cpSync(join(project, 'config.example/live'), join(root, 'config/live'), { recursive: true });
    const environment = {
      ANN_DISCORD_ID: '123456789012345678',
      ANN_TELEGRAM_ID: '987654321',
      DISCORD_TOKEN: 'discord-token-of-the-test',
      DISCORD_GUILD: '223456789012345678',
      DISCORD_CHANNEL: '323456789012345678',
      TELEGRAM_TOKEN: '1234:telegram-token-of-the-test',
      TELEGRAM_CHAT: '-1001234567890',
      ALERTS_KEY: 'alerts-key-of-the-test',
    };
    const config = load({ environment });
    expect(config).toMatchObject({
      name: 'live',
      isExample: false,
      users: [{ name: 'ann', discord: '123456789012345678' }, { name: 'ben' }],
      platforms: {
        console: {},
        discord: { token: 'discord-token-of-the-test', notify: ['323456789012345678'] },
        telegram: { token: '1234:telegram-token-of-the-test', notify: ['-1001234567890'] },
      },
      webhook: { port: 443, tls: { cert: join(root, 'config/live/certificates/fullchain.pem') } },
      limits: { backtestSeconds: 300, backtestMemoryMb: 1024, trading: {} },
    });
    expect([...config.secrets].sort()).toEqual([
      '1234:telegram-token-of-the-test',
      'alerts-key-of-the-test',
      'discord-token-of-the-test',
    ]);
    expect(mistakes({ environment: {} }).length, 'each variable that is not set is named').toBe(10);
  });
});

describe('which environment', () => {
  test('--env goes before OUTCRY_ENV, which goes before demo', () => {
    for (const name of ['demo', 'live', 'paper']) write({ 'desk.yaml': desk }, `config/${name}`);
    expect(load().name).toBe('demo');
    expect(load({ environment: { OUTCRY_ENV: 'live' } }).name).toBe('live');
    expect(load({ env: 'paper', environment: { OUTCRY_ENV: 'live' } }).name).toBe('paper');
  });

  test('the only environment is taken without being named', () => {
    write({ 'desk.yaml': desk }, 'config/mine');
    expect(load().name).toBe('mine');
  });

  test('of several, none of which is demo, the desk does not guess', () => {
    write({ 'desk.yaml': desk }, 'config/mine');
    write({ 'desk.yaml': desk }, 'config/yours');
    expect(() => load()).toThrow('config/ has mine, yours: say which one to run with --env or OUTCRY_ENV');
  });

  test('a mistyped one is answered with those there are', () => {
    write({ 'desk.yaml': desk }, 'config/live');
    expect(() => load({ env: 'lvie' })).toThrow(
      'The environment "lvie" is not in config/: there is live; did you mean "live"?',
    );
  });

  test.each(['../../etc', '.', ''])('%j cannot lead out of config/', (env) => {
    write({ 'desk.yaml': desk }, 'config/live');
    expect(() => load({ env })).toThrow(UserError);
  });

  test('an empty config/ says how to begin', () => {
    mkdirSync(join(root, 'config'));
    expect(() => load()).toThrow('copy config.example/demo to config/demo');
  });

  test('an environment without desk.yaml is refused', () => {
    mkdirSync(join(root, 'config/demo'), { recursive: true });
    expect(mistakes()).toEqual(['config/demo/desk.yaml: is missing']);
  });
});

describe('variables', () => {
  const telegram = (token: string) => `${desk}platforms:\n  telegram:\n    token: ${token}\n`;

  test('come from .env, and the real environment wins', () => {
    write({ 'desk.yaml': telegram('"${TOKEN}"') });
    writeFileSync(join(root, '.env'), '# mine\nTOKEN="from the file"\n');
    expect(load().platforms.telegram?.token).toBe('from the file');
    expect(load({ environment: { TOKEN: 'from outside' } }).platforms.telegram?.token).toBe('from outside');
  });

  test('a missing one is named with file, line, key and variable', () => {
    write({ 'desk.yaml': telegram('"${TOKEN}"') });
    expect(mistakes()).toEqual([
      'config/demo/desk.yaml:6: platforms.telegram.token: TOKEN is not set: set it in the environment or in .env',
    ]);
  });

  test('an empty one counts as missing', () => {
    write({ 'desk.yaml': telegram('"${TOKEN}"') });
    expect(mistakes({ environment: { TOKEN: '' } })[0]).toContain('TOKEN is not set');
  });

  test.each([
    ['"${A:-plain}"', 'plain'],
    ['"a ${A:-} b"', 'a  b'],
    ['"$${A} and $A"', '${A} and $A'],
    ['${SET}', '${TOKEN}'],
    ['"${SET}:${SET}"', '${TOKEN}:${TOKEN}'],
  ])('%s becomes %j', (written, meant) => {
    write({ 'desk.yaml': telegram(written) });
    expect(load({ environment: { SET: '${TOKEN}' } }).platforms.telegram?.token).toBe(meant);
  });

  test.each(['"${"', '"${1A}"', '"${A"', '"${A:+b}"'])('%s is refused', (written) => {
    write({ 'desk.yaml': telegram(written) });
    expect(mistakes()[0]).toContain('begins no variable');
  });

  test('a port may come from one, although it is text', () => {
    write({ 'desk.yaml': `${desk}webhook: { port: "\${PORT}" }` });
    expect(load({ environment: { PORT: '8443' } }).webhook?.port).toBe(8443);
    expect(mistakes({ environment: { PORT: 'http' } })).toEqual([
      'config/demo/desk.yaml:4: webhook.port: found a hidden value; must be a whole number from 0 to 65535',
    ]);
  });

  test('an unquoted one in braces says what to do', () => {
    write({ 'desk.yaml': `${desk}platforms: { telegram: { token: \${TOKEN} } }` });
    expect(mistakes().join('\n')).toContain('put ${…} in quotes');
  });
});

describe('mistakes', () => {
  const wrong = (lines: string) => {
    write({ 'desk.yaml': `${desk}${lines}` });
    return mistakes();
  };

  test('all of all files are told at once, in order, with file, line and key', () => {
    write({
      'desk.yaml': `${desk}users:\n  - name: ann\n    role: boss\nlimits:\n  backtestSeconds: long\n`,
      'books/a.yaml': book.replace('100', '-5').replace('paper', 'papr'),
      'books/b.yaml': `${book}color: red\n`,
      'plans/p.yaml': `${plan}schedule: { times: ["25:00"], timezone: Mars/Olympus }\n`,
      'strategies/trends.ts': '',
    });
    expect(mistakes()).toEqual([
      'config/demo/books/a.yaml:3: capital: found -5; must be a positive decimal number such as "10000" or "0.5"',
      'config/demo/books/a.yaml:4: broker: there is no broker in desk.yaml named "papr"; did you mean "paper"?',
      'config/demo/books/b.yaml:1: name: another book is named "one" already',
      `config/demo/books/b.yaml:5: color: is not a key that is known here; allowed: ${Object.keys(bookFile.shape).join(', ')}`,
      'config/demo/desk.yaml:6: users[0].role: found "boss"; must be viewer, trader, admin',
      'config/demo/desk.yaml:8: limits.backtestSeconds: found "long"; must be a whole number from 1 to 86400',
      'config/demo/plans/p.yaml:8: schedule.times: found a list; must be times of day: "25:00" is not a time of day: write it as 9:30, 15:59:30, 9:30-16:00/30min or close-2min.',
      'config/demo/plans/p.yaml:8: schedule.timezone: found "Mars/Olympus"; must be a time zone such as America/New_York',
    ]);
  });

  test('the message has a line for each', () => {
    expect(() => wrong('users: 1\nlimits: 2\n')).not.toThrow();
    expect(() => load()).toThrow(/^2 errors in the configuration:\n.*users.*\n.*limits.*$/);
  });

  test.each([
    [
      'webhok: {}',
      'config/demo/desk.yaml:4: webhok: is not a key that is known here; did you mean "webhook"?',
    ],
    [
      'limits: { backtestSecond: 1 }',
      'limits.backtestSecond: is not a key that is known here; did you mean "backtestSeconds"?',
    ],
    [
      'platforms: { telegramm: {} }',
      'platforms.telegramm: is not a key that is known here; did you mean "telegram"?',
    ],
    [
      'webhook: { tls: { cert: a, key: b, kez: c } }',
      'webhook.tls.kez: is not a key that is known here; did you mean "key"?',
    ],
    [
      'platforms: { telegram: {} }',
      'platforms.telegram.token: is missing; must be the token that the platform gave',
    ],
    ['platforms: { console: }', 'platforms.console: found nothing; must be a section with keys'],
    ['users: { ann: admin }', 'users: found a section with keys; must be a list'],
    [
      'users: [{ name: Ann, role: admin }]',
      'users[0].name: found "Ann"; must be 1 to 32 of a-z, 0-9, - and _, beginning with a letter',
    ],
    ['users: [{ name: ann }]', 'users[0].role: is missing; must be viewer, trader, admin'],
    [
      'users: [{ name: a, role: admin }, { name: a, role: viewer }]',
      'users[1].name: another user has this name already',
    ],
    [
      'users: [{ name: a, role: admin, discord: "12" }, { name: b, role: viewer, discord: "12" }]',
      'users[1].discord: another user has this id already',
    ],
    [
      'store: mongo',
      'store: found "mongo"; must be sqlite, or an address that begins with mongodb:// or mongodb+srv://',
    ],
    ['webhook: { port: 70000 }', 'webhook.port: found 70000; must be a whole number from 0 to 65535'],
    [
      'webhook: { trustProxy: [10.0.0.0/33] }',
      'webhook.trustProxy[0]: found "10.0.0.0/33"; must be an address or a range such as 10.0.0.0/8',
    ],
    ['webhook: { trustProxy: [true] }', 'webhook.trustProxy[0]: found true; must be text (in quotes)'],
  ])('%s is told as what it is', (lines, told) => {
    expect(wrong(lines)).toHaveLength(1);
    expect(wrong(lines)[0]).toContain(told);
  });

  test.each([
    [
      'sources: { a: { type: cvs, folder: b } }',
      'sources.a.type: found "cvs"; must be demo, csv, union, yahoo, ccxt, ib, alpaca, tiingo, eodhd, twelvedata; did you mean "csv"?',
    ],
    [
      'sources: { all: { type: union, otherwise: all } }',
      'sources.all.otherwise: there is no source in desk.yaml, other than a union, named "all"; there is none',
    ],
    [
      'sources: { d: { type: demo }, all: { type: union, symbols: { A: { source: gone } }, otherwise: d } }',
      'sources.all.symbols.A.source: there is no source in desk.yaml, other than a union, named "gone"; there is d',
    ],
    ['sources: { a: {} }', 'sources.a.type: is missing; must be demo, csv'],
    [
      'sources: { a: { type: csv, folder: d, timezone: X, currency: USD } }',
      'sources.a.timezone: found "X"; must be a time zone such as America/New_York',
    ],
    [
      'sources: { a: { type: csv, foldr: d, timezone: UTC, currency: USD } }',
      'sources.a.foldr: is not a key that is known here; did you mean "folder"?',
    ],
    ['sources: { A b: { type: demo } }', 'sources.A b: this name must be 1 to 32 of a-z'],
    [
      'brokers: { p: { type: papr } }',
      'brokers.p.type: found "papr"; must be paper, manual, ccxt, ib; did you mean "paper"?',
    ],
    [
      'brokers: { p: { type: paper, source: x, balances: {} } }',
      'brokers.p.source: there is no source in desk.yaml named "x"; there is none',
    ],
    [
      'sources: { d: { type: demo } }\nbrokers: { p: { type: paper, source: d, balances: {}, slipage: 0 } }',
      'brokers.p.slipage: is not a key that is known here; did you mean "slippage"?',
    ],
  ])('%s is told as what it is, in a desk of its own', (lines, told) => {
    write({ 'desk.yaml': lines });
    expect(mistakes()).toHaveLength(1);
    expect(mistakes()[0]).toContain(told);
  });

  test('an id without quotes is refused, because YAML would round it', () => {
    const [first, second] = wrong('users:\n  - { name: ann, role: admin, discord: 123456789012345678 }\n');
    expect(first).toBe(
      'config/demo/desk.yaml:5: users[0].discord: this number has more digits than a number can hold: write it in quotes',
    );
    expect(second).toBeUndefined();
  });

  test('a short id without quotes is refused too', () => {
    expect(wrong('users: [{ name: ann, role: admin, telegram: 12345 }]')).toEqual([
      'config/demo/desk.yaml:4: users[0].telegram: found 12345; must be digits in quotes, such as "123456789012345678"',
    ]);
  });

  test('an amount with more digits than a number holds is refused, not rounded', () => {
    write({ 'desk.yaml': desk, 'books/a.yaml': book.replace('100', '0.12345678901234567890') });
    expect(mistakes()[0]).toContain('a.yaml:3: capital: this number has more digits');
    write({ 'books/a.yaml': book.replace('100', '"0.12345678901234567890"') });
    expect(load().books[0]?.capital).toBe('0.12345678901234567890');
  });

  test('what is no YAML is told with its line, once, and other files are checked all the same', () => {
    write({ 'desk.yaml': `${desk}users: [\nstore: sqlite\n`, 'books/a.yaml': 'name: 7\n' });
    const told = mistakes();
    expect(told.filter((line) => /desk\.yaml:\d+: is not YAML/.test(line)).length).toBeGreaterThan(0);
    expect(told.join('\n')).toContain('books/a.yaml:1: name: found 7');
    expect(told.join('\n'), 'names in a file that cannot be read are not called missing').not.toContain(
      'there is no',
    );
  });

  test('a key that stands twice is refused', () => {
    expect(wrong('store: sqlite\nstore: sqlite\n')[0]).toMatch(
      /desk\.yaml:5: is not YAML: Map keys must be unique/,
    );
  });

  test('an empty book file is told what it lacks', () => {
    write({ 'desk.yaml': desk, 'books/a.yaml': '' });
    expect(mistakes().map((line) => line.replace(/; .*/, ''))).toEqual([
      'config/demo/books/a.yaml: name: is missing',
      'config/demo/books/a.yaml: currency: is missing',
      'config/demo/books/a.yaml: capital: is missing',
      'config/demo/books/a.yaml: broker: is missing',
    ]);
  });

  test('no secret stands in a message', () => {
    write({
      'desk.yaml': `${desk}platforms: { telegram: { token: [hunter22] }, discord: { token: "" } }`,
      'books/a.yaml': `${book}key: hunter2\n`,
      'books/b.yaml': `${book}key: "\${SECRET}"\ncapital2: "\${SECRET}"\nactive: "\${SECRET}"\n`,
    });
    const told = mistakes({ environment: { SECRET: 'hunter2' } }).join('\n');
    expect(told).toContain('key: found a hidden value; must have at least 8 characters');
    expect(told).toContain('active: found a hidden value; must be true or false');
    expect(told).not.toContain('hunter2');
  });
});

describe('secrets in odd places', () => {
  test.each([
    ['an alias carries one elsewhere', 'users: &u "${SECRET}"\nlimits: *u\n'],
    [
      'an alias carries a written one elsewhere',
      'platforms: { telegram: { token: &t hunter2 } }\nstore: *t\n',
    ],
    ['a variable stands where a name is looked up', 'brokers2: 1\nsources2: "${SECRET}"\n'],
    ['YAML stumbles over one', 'platforms: { telegram: { token: "a" hunter2 } }\n'],
    ['one looks like a tag', 'platforms:\n  telegram:\n    token: !hunter2\n'],
    ['one looks like the head of a block', 'platforms:\n  telegram:\n    token: |hunter2\n'],
    ['one looks like a directive or reserved', 'platforms:\n  telegram:\n    token: @hunter2\n'],
    ['one looks like an anchor', 'platforms:\n  telegram:\n    token: *hunter2\n'],
    ['one stands alone', 'hunter2\n'],
    ['one closes too much', 'platforms:\n  telegram:\n    token: ]hunter2\n'],
  ])('are not shown: %s', (_, lines) => {
    write({ 'desk.yaml': `${desk}${lines}`, 'books/a.yaml': `${book.replace('paper', '"${SECRET}"')}` });
    const told = mistakes({ environment: { SECRET: 'hunter2' } }).join('\n');
    expect(told).not.toContain('hunter2');
  });
});

describe('names that must exist elsewhere', () => {
  const whole = { 'desk.yaml': desk, 'books/a.yaml': book, 'plans/p.yaml': plan, 'strategies/trend.ts': '' };

  test('are accepted when they do', () => {
    write(whole);
    expect(load()).toMatchObject({ books: [{ name: 'one' }], plans: [{ name: 'daily', interval: '1d' }] });
  });

  test.each([
    [
      'source: demo',
      'source: dmo',
      'plans/p.yaml:4: source: there is no source in desk.yaml named "dmo"; did you mean "demo"?',
    ],
    ['book: one', 'book: two', 'plans/p.yaml:7: book: there is no book named "two"; there is one'],
    [
      'strategy: trend',
      'strategy: ../trend',
      'plans/p.yaml:2: strategy: found "../trend"; must be the name of a strategy, without a folder',
    ],
  ])('a plan with %s written as %s', (from, to, told) => {
    write({ ...whole, 'plans/p.yaml': plan.replace(from, to) });
    expect(mistakes()).toHaveLength(1);
    expect(mistakes()[0]).toContain(told);
  });

  test('settings that a handler cannot use are told with the other mistakes', () => {
    write({
      ...whole,
      'books/b.yaml': `${book.replace('one', 'two')}handler:\n  name: order\n  settings: { size: { percent: 200 } }\n`,
      'books/c.yaml': `${book.replace('one', 'three')}handler: { name: order }\ncolor: red\n`,
      'books/d.yaml': `${book.replace('one', 'four')}handler: { name: order, settings: { symbol: AMBR } }\n`,
    });
    expect(mistakes({ checkHandler: handlerOf })).toEqual([
      expect.stringMatching(/^config\/demo\/books\/b\.yaml:7: handler\.settings: .*size\.percent: must be/),
      expect.stringMatching(/^config\/demo\/books\/c\.yaml:6: color:/),
    ]);
  });

  test('an unknown handler is answered with the nearest', () => {
    write({ ...whole, 'books/b.yaml': `${book.replace('one', 'two')}handler: { name: ordr }\n` });
    expect(mistakes()).toEqual([
      'config/demo/books/b.yaml:5: handler.name: there is no handler named "ordr"; did you mean "order"?',
    ]);
  });

  test('a book has one source of decisions: its handler, or one plan', () => {
    write({
      ...whole,
      'books/a.yaml': `${book}handler: { name: order }\n`,
      'plans/q.yaml': plan.replace('daily', 'other'),
    });
    expect(mistakes()).toEqual([
      'config/demo/plans/p.yaml:7: book: the book "one" is traded by its handler already; give the plan its own',
      'config/demo/plans/q.yaml:7: book: the book "one" is traded by its handler already; give the plan its own',
      'config/demo/plans/q.yaml:7: book: another plan trades for the book "one" already; each needs its own',
    ]);
  });

  test('a key without a handler is refused, because its alerts would mean nothing', () => {
    write({ ...whole, 'books/b.yaml': `${book.replace('one', 'two')}key: some-key-1234\n` });
    expect(mistakes()[0]).toContain('books/b.yaml:5: key: a book that takes alerts needs a handler');
  });
});

describe('the store', () => {
  const storeOf = (store: string, environment = {}) => {
    write({ 'desk.yaml': `${desk}store: ${store}\n` });
    return load({ environment }).store;
  };

  test('MONGODB_URI wins, and each environment has a database of its own unless the address names one', () => {
    expect(storeOf('sqlite')).toEqual({ kind: 'sqlite' });
    expect(storeOf('sqlite', { MONGODB_URI: 'mongodb://a,b/?ssl=true' })).toEqual({
      kind: 'mongo',
      uri: 'mongodb://a,b/?ssl=true',
      database: 'outcry_demo',
    });
    expect(storeOf('mongodb+srv://h/trading?x=1')).toMatchObject({ database: 'trading' });
  });

  test('the password in its address is a secret', () => {
    write({ 'desk.yaml': `${desk}store: mongodb://me:p%40ssword@h/x\n` });
    expect(load().secrets).toEqual(['p%40ssword', 'p@ssword']);
    expect(load({ environment: { MONGODB_URI: 'mongodb://me:another1@h' } }).secrets).toContain('another1');
  });

  test('a MONGODB_URI that is none is refused without being shown', () => {
    write({ 'desk.yaml': desk });
    expect(mistakes({ environment: { MONGODB_URI: 'http://me:hunter2@h' } })).toEqual([
      'environment: MONGODB_URI: must be an address that begins with mongodb:// or mongodb+srv://',
    ]);
  });
});

test('paths are meant from the folder of the environment', () => {
  write({
    'desk.yaml':
      'sources: { f: { type: csv, folder: ../prices, timezone: UTC, currency: EUR } }\nwebhook: { tls: { cert: a.pem, key: /etc/k.pem } }',
  });
  const config = load();
  expect(config.sources['f']).toEqual({
    type: 'csv',
    folder: join(root, 'config/prices'),
    timezone: 'UTC',
    currency: 'EUR',
  });
  expect(config.webhook?.tls).toEqual({ cert: join(root, 'config/demo/a.pem'), key: '/etc/k.pem' });
});

test('hidden files that an editor left in books/ are no books', () => {
  write({ 'desk.yaml': desk, 'books/a.yaml': book, 'books/.a.yaml': book, 'books/a.yaml~': book });
  expect(load().books).toHaveLength(1);
});

test('the strategy of the live example buys what is above its average, and sells what is below', () => {
  const prices = [10, 10, 10, 12, 13, 14, 14, 8, 7, 6];
  const bars = ['AA', 'BB'].map((symbol) => barsOf(symbol, symbol === 'AA' ? prices : prices.map(() => 5)));
  const { trades } = new Backtest(bars, AboveAverage, { cash: 1000 }).run({ length: 3 });
  expect(
    trades.map(({ symbol, size, entryPrice, exitPrice }) => [symbol, size, entryPrice, exitPrice]),
  ).toEqual([['AA', 41, 13, 7]]);
});

/** Bars whose four prices are one. */
function barsOf(symbol: string, prices: readonly number[]): Bars {
  const column = Float64Array.from(prices);
  const time = column.map((_, index) => Date.UTC(2024, 0, 1 + index));
  return {
    symbol,
    interval: '1d',
    time,
    open: column,
    high: column,
    low: column,
    close: column,
    volume: column,
    extra: {},
  };
}
