/** What a person decides while the desk trades: approving an entry, stopping everything, resolving a difference. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Papa from 'papaparse';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDesk } from '../support/desk.ts';
import { startTelegram } from '../support/telegram/index.ts';

const alert = { key: 'demo-key-1234', action: 'buy', symbol: 'SP500', quantity: 1 };
const signalOf = (body: string): string => JSON.parse(body).signal;

describe('an entry that a book wants approved', () => {
  it('waits, is shown with what it would do now, and is traded when it is approved', async () => {
    const desk = await startDesk({ book: { approveAbove: 0 } });
    const { status, body } = await desk.alert('demo', alert);
    expect(status).toBe(200);
    await desk.shows('Signal for demo: waits for approval, PAPER');
    await desk.shows('[1] Approve   [2] Reject');
    desk.type(`/signal approve ${signalOf(body)}`);
    await desk.shows('Approve this entry?');
    await desk.shows(/worth 2,87\d/);
    expect(desk.printed()).not.toContain('Bought');
    desk.type('1');
    await desk.shows('Bought 1 SP500');
  });

  it('is not traded when it is rejected, and cannot be approved afterwards', async () => {
    const desk = await startDesk({ book: { approveAbove: 100 } });
    const { body } = await desk.alert('demo', alert);
    await desk.shows('waits for approval');
    desk.type(`/signal reject ${signalOf(body)}`);
    await desk.shows('Drop this signal?');
    desk.type('1');
    await desk.shows('did not approve it');
    desk.type(`/signal approve ${signalOf(body)}`);
    await desk.shows('Approve this entry?');
    desk.type('1');
    await desk.shows('does not wait for approval: it is refused.');
    expect(desk.printed()).not.toContain('Bought');
  });

  it('waits over a restart, and an exit needs no approval', async () => {
    const first = await startDesk({ book: { approveAbove: 100 } });
    const { body } = await first.alert('demo', alert);
    await first.shows('waits for approval');
    await first.stop();
    const second = await startDesk({ root: first.root });
    second.type(`/signal approve ${signalOf(body)}`);
    await second.shows('Approve this entry?');
    second.type('1');
    await second.shows('Bought 1 SP500');
    await second.alert('demo', { ...alert, action: 'sell' });
    await second.shows('Sold 1 SP500');
  });

  it('takes two different people where the book says so, from any platform and over a restart', async () => {
    const telegram = await startTelegram();
    onTestFinished(() => telegram.close());
    const tom = telegram.user('tom');
    const anna = telegram.user('anna');
    const settings = {
      book: { approveAbove: 0, approvePersons: 2 },
      endpoints: { telegramApi: telegram.apiRoot },
      desk: {
        users: [
          { name: 'anna', role: 'admin', telegram: anna.id },
          { name: 'tom', role: 'trader', telegram: tom.id },
        ],
        platforms: { console: {}, telegram: { token: telegram.token } },
      },
    };
    const first = await startDesk(settings);
    const { body } = await first.alert('demo', alert);
    await first.shows('approved by 2 people');
    tom.says(`/signal approve ${signalOf(body)}`);
    await tom.chat.shows('Approve this entry?');
    tom.presses('Confirm');
    await tom.chat.shows('Somebody else must, too');
    await first.shows('tom has approved; one more must.');
    tom.says(`/signal approve ${signalOf(body)}`);
    await tom.chat.shows('Approve this entry?');
    tom.presses('Confirm');
    await tom.chat.shows('tom has approved it already: somebody else must, too.');
    await first.stop();
    const second = await startDesk({ ...settings, root: first.root });
    second.type(`/signal approve ${signalOf(body)}`);
    await second.shows('Approve this entry?');
    expect(second.printed()).not.toContain('Bought');
    second.type('1');
    await second.shows('Bought 1 SP500');
  });

  it('expires when nobody answers', async () => {
    const desk = await startDesk({ book: { approveAbove: 0, approveWithinSeconds: 0.001 } });
    const { body } = await desk.alert('demo', alert);
    await desk.shows('waits for approval');
    desk.type(`/signal approve ${signalOf(body)}`);
    await desk.shows('Approve this entry?');
    desk.type('1');
    await desk.shows('Nobody approved it within 0.001 s.');
  });
});

it('replays no signal of a book that the person may not see', async () => {
  const telegram = await startTelegram();
  onTestFinished(() => telegram.close());
  const tom = telegram.user('tom');
  const desk = await startDesk({
    endpoints: { telegramApi: telegram.apiRoot },
    desk: {
      users: [{ name: 'tom', role: 'trader', telegram: tom.id, books: ['rotation'] }],
      platforms: { console: {}, telegram: { token: telegram.token } },
    },
  });
  desk.type('/suspend entries demo');
  await desk.shows('demo is suspended');
  const { body } = await desk.alert('demo', alert);
  await desk.shows('Signal for demo: refused');
  desk.confirms('/resume demo');
  await desk.shows('demo trades again');
  tom.says(`/signal replay ${signalOf(body)}`);
  await tom.chat.shows('You are limited to the books rotation');
  desk.type(`/signal replay ${signalOf(body)}`);
  await desk.shows('Decide this signal once more?');
  desk.type('1');
  await desk.shows('Bought 1 SP500');
});

it('offers to decide a refused signal once more where it is told of, and reports which replayed which', {
  timeout: 60_000,
}, async () => {
  const telegram = await startTelegram();
  onTestFinished(() => telegram.close());
  const [tom, vera] = [telegram.user('tom'), telegram.user('vera')];
  const room = telegram.group('desk');
  const desk = await startDesk({
    endpoints: { telegramApi: telegram.apiRoot },
    desk: {
      users: [
        { name: 'tom', role: 'trader', telegram: tom.id },
        { name: 'vera', role: 'viewer', telegram: vera.id },
      ],
      platforms: {
        console: {},
        telegram: { token: telegram.token, chats: [room.id], notify: [room.id] },
      },
    },
  });
  desk.type('/suspend entries demo');
  await desk.shows('demo is suspended');
  const first = signalOf((await desk.alert('demo', alert)).body);
  await room.chat.shows('Signal for demo: refused, PAPER');
  desk.confirms('/resume demo');
  await desk.shows('demo trades again');
  vera.presses('Decide it once more', { in: room });
  await vera.chat.shows('/signal replay needs the role trader; yours is viewer.');
  tom.presses('Decide it once more', { in: room });
  await room.chat.shows('Decide this signal once more?');
  expect(desk.printed(), 'nothing before it is confirmed').not.toContain('Bought');
  tom.presses('Confirm', { in: room });
  const replayed =
    /new signal ([0-9a-f]{20})/.exec((await room.chat.shows('Replayed: demo')).text)?.[1] ?? '';
  await room.chat.shows('Bought 1 SP500');

  desk.type('/report signals');
  await desk.shows(/2 rows[\s\S]*signals\.csv/);
  const folder = join(desk.config.dataFolder, 'attachments');
  const [file = ''] = await readdir(folder);
  const { data } = Papa.parse<Record<string, string>>(
    (await readFile(join(folder, file), 'utf8')).replace(/^\uFEFF/, ''),
    { header: true, skipEmptyLines: true },
  );
  expect(data.map(({ _id, replayOf, replayedAs }) => [_id, replayOf, replayedAs])).toEqual([
    [replayed, first, ''],
    [first, '', replayed],
  ]);
});

describe('panic', () => {
  it('stops entries, and closes everything when asked to, after showing what that is', async () => {
    const desk = await startDesk();
    await desk.alert('demo', alert);
    await desk.shows('Bought 1 SP500');
    desk.type('/panic demo flatten=yes');
    await desk.shows('Panic, and close everything?');
    await desk.shows(/demo, paper +1 SP500 +2,?874\.56/);
    desk.type('1');
    await desk.shows('demo: close everything: SP500');
    desk.type('/book show demo');
    await desk.shows(/suspended \(entries\)|no entries/);
    await desk.alert('demo', { ...alert, id: 'after' });
    await desk.shows('Nothing was traded: The book "demo" is suspended (entries)');
    desk.type('/difference list');
    await desk.shows('All brokers say what the books say.');
  });
});
