/** Messages that the desk sends of its own accord: they arrive, in order, in spite of limits and faults. */
import { expect, test } from 'vitest';
import { DeliveryError } from '../../../../bot/chat/platform.ts';
import { chart, csv, openDesk, quick } from './desk.ts';

const to = ({ id }: { id: string }, kind: 'chat' | 'user' = 'chat') =>
  ({ platform: 'telegram', kind, id }) as const;
const say = (text: string) => ({ text: [text] });

async function failure(promise: Promise<unknown>): Promise<DeliveryError> {
  const thrown = await promise.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );
  if (thrown instanceof DeliveryError) return thrown;
  throw new Error(`no DeliveryError: ${thrown}`);
}

test('a posted message can be edited, buttons included', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const ref = await desk.platform.post(
    to(anna, 'user'),
    { ...say('Order sent'), buttons: [{ id: 'a', label: 'Cancel order', style: 'danger' }] },
    'k1',
  );
  const posted = anna.chat.messages[0];
  expect(ref).toEqual({ platform: 'telegram', chat: anna.id, message: String(posted?.id) });
  expect(posted?.buttons).toEqual([['Cancel order']]);
  await desk.platform.edit(ref, say('Order filled'));
  expect(anna.chat.messages.map(({ text, buttons }) => [text, buttons])).toEqual([['Order filled', []]]);
  await desk.platform.edit(ref, say('Order filled'));
});

test('a chart that comes with an edit answers the edited message, once', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const ref = await desk.platform.post(to(anna, 'user'), say('Exit sent'), 'k1');
  await desk.platform.edit(ref, { ...say('Exit filled'), attachments: [chart] });
  await desk.platform.edit(ref, { ...say('Exit filled and booked'), attachments: [chart] });
  expect(anna.chat.messages.map(({ text, file, replyTo }) => [text, file?.name, replyTo])).toEqual([
    ['Exit filled and booked', undefined, undefined],
    ['', 'equity.png', Number(ref.message)],
  ]);
  expect(anna.chat.deleted, 'the same chart is not sent again').toEqual([]);
  await desk.platform.edit(ref, { ...say('Corrected'), attachments: [csv] });
  expect(
    anna.chat.files.map(({ name }) => name),
    'the old file is replaced',
  ).toEqual(['trades.csv']);
});

test('a message with a chart is edited after a restart too, when nobody remembers what it was', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const ref = await desk.platform.post(to(anna, 'user'), { ...say('Plan ran'), attachments: [chart] }, 'k1');
  await using restarted = await openDesk({ token: desk.telegram.token, apiRoot: desk.telegram.apiRoot });
  await restarted.platform.edit(ref, say('Plan ran, orders filled'));
  expect(anna.chat.messages.map(({ text, file }) => [text, file?.name])).toEqual([
    ['Plan ran, orders filled', 'equity.png'],
  ]);
});

test('a text that outgrows its caption is whole in a file', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const ref = await desk.platform.post(to(anna, 'user'), { ...say('Short'), attachments: [chart] }, 'k1');
  const long = Array.from({ length: 300 }, (_, index) => `word${index}`).join(' ');
  await desk.platform.edit(ref, { ...say(long), attachments: [chart] });
  const file = anna.chat.files.find(({ name }) => name === 'message.txt');
  expect(file?.data.toString()).toContain(long);
  expect(anna.chat.messages[0]?.text).toContain('The whole text is in message.txt');
});

test('messages of a chat keep their order, whatever happens to the first', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  desk.telegram.fails('sendMessage', 502);
  await Promise.all(['1', '2', '3'].map((text) => desk.platform.post(to(anna, 'user'), say(text), text)));
  expect(anna.chat.messages.map(({ text }) => text)).toEqual(['1', '2', '3']);
});

test('when Telegram asks for a pause, the chat waits for it and nothing is lost', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  desk.telegram.throttles('sendMessage', 1);
  await Promise.all(['1', '2'].map((text) => desk.platform.post(to(anna, 'user'), say(text), text)));
  expect(anna.chat.messages.map(({ text }) => text)).toEqual(['1', '2']);
  expect(
    desk.telegram.calls.filter((method) => method === 'sendMessage'),
    'one refused, two taken: it did not try within the pause',
  ).toHaveLength(3);
});

test('twenty chats at once stay below what Telegram takes in all', async () => {
  await using desk = await openDesk();
  const users = Array.from({ length: 20 }, (_, index) => desk.telegram.user(`user ${index}`));
  await Promise.all(
    users.flatMap((user) =>
      ['a', 'b', 'c'].map((text) => desk.platform.post(to(user, 'user'), say(text), text + user.id)),
    ),
  );
  for (const { chat } of users) expect(chat.messages.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
  expect(desk.telegram.throttled).toBe(0);
});

test('a message whose answer was lost is sent again: twice rather than never', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  desk.telegram.losesReply('sendMessage');
  const ref = await desk.platform.post(to(anna, 'user'), say('Margin call'), 'k1');
  expect(anna.chat.messages.map(({ text }) => text)).toEqual(['Margin call', 'Margin call']);
  expect(ref.message, 'later edits go to the last').toBe(String(anna.chat.messages[1]?.id));
});

test('an edit whose answer was lost is not an error, and not a second message', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const ref = await desk.platform.post(to(anna, 'user'), say('Sent'), 'k1');
  desk.telegram.losesReply('editMessageText');
  await desk.platform.edit(ref, say('Filled'));
  expect(anna.chat.messages.map(({ text }) => text)).toEqual(['Filled']);
});

test('a message that got there in part goes on where it was when it is posted again', async () => {
  await using desk = await openDesk({ pace: { ...quick, chat: { count: 20, ms: 1_000 } } });
  const anna = desk.telegram.user('Anna');
  const message = { ...say('Report'), attachments: [csv, { ...csv, name: 'orders.csv' }] };
  for (let attempt = 0; attempt < 4; attempt++) desk.telegram.fails('sendMediaGroup', 502);
  const error = await failure(desk.platform.post(to(anna, 'user'), message, 'k1'));
  expect(error.retryable).toBe(true);
  const ref = await desk.platform.post(to(anna, 'user'), message, 'k1');
  expect(anna.chat.messages.map(({ text, file }) => text || file?.name)).toEqual([
    'Report',
    'trades.csv',
    'orders.csv',
  ]);
  expect(ref.message).toBe(String(anna.chat.messages[0]?.id));
});

test('a message that Telegram has no room for is tried later by its sender', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  desk.telegram.goesAway();
  const error = await failure(desk.platform.post(to(anna, 'user'), say('Filled'), 'k1'));
  expect([error.retryable, error.message]).toEqual([true, expect.stringContaining('cannot be reached')]);
  expect(error.message).not.toContain(desk.telegram.token);
});

test('a request that Telegram never answers does not hold the chat for ever', async () => {
  await using desk = await openDesk({ pace: { ...quick, requestMs: 100 } });
  const anna = desk.telegram.user('Anna');
  desk.telegram.hangs('sendMessage');
  await desk.platform.post(to(anna, 'user'), say('Filled'), 'k1');
  expect(anna.chat.messages.map(({ text }) => text)).toEqual(['Filled']);
});

test('what cannot be delivered says why and what to do, and is not tried again', async () => {
  await using desk = await openDesk();
  const { telegram, platform } = desk;
  const group = telegram.group('Old');
  const thrownOut = telegram.group('Closed');
  const blocker = telegram.user('Blocker');
  const shy = telegram.user('Shy', { opened: false });
  group.becomes(-1009999);
  thrownOut.removesBot();
  blocker.blocksBot();
  const cases = [
    [platform.post(to({ id: '777' }), say('x'), '1'), /knows no chat 777.*configuration/],
    [platform.post(to(group), say('x'), '2'), /became a supergroup.*-1009999/],
    [platform.post(to(thrownOut), say('x'), '3'), /add it to the group again/],
    [platform.post(to(blocker, 'user'), say('x'), '4'), /blocked the bot.*unblock/],
    [platform.post(to(shy, 'user'), say('x'), '5'), /press Start/],
    [
      platform.edit({ platform: 'telegram', chat: telegram.user('Anna').id, message: '12345' }, say('x')),
      /message to edit not found/,
    ],
  ] as const;
  for (const [promise, line] of cases) {
    const error = await failure(promise);
    expect(error.retryable, error.message).toBe(false);
    expect(error.message).toMatch(line);
  }
});

test('a refused message does not hold back the next one of its chat', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  desk.telegram.refuses('sendMessage', 'Bad Request: something new');
  const [first] = await Promise.allSettled([
    desk.platform.post(to(anna, 'user'), say('1'), '1'),
    desk.platform.post(to(anna, 'user'), say('2'), '2'),
  ]);
  expect(first.status).toBe('rejected');
  expect(anna.chat.messages.map(({ text }) => text)).toEqual(['2']);
});

test('stopping sends what is under way, and leaves the rest to the next start', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const posted = desk.platform.post(to(anna, 'user'), say('Last words'), 'k1');
  await desk.platform.stop();
  await posted;
  expect(anna.chat.messages.map(({ text }) => text)).toEqual(['Last words']);
  const error = await failure(desk.platform.post(to(anna, 'user'), say('Too late'), 'k2'));
  expect(error.retryable).toBe(true);
  expect(desk.platform.status().state).toBe('stopped');
});

test('stopping does not wait for a Telegram that does not answer', async () => {
  await using desk = await openDesk({ pace: { ...quick, stopMs: 50, requestMs: 500 } });
  const anna = desk.telegram.user('Anna');
  desk.telegram.throttles('sendMessage', 100);
  const error = failure(desk.platform.post(to(anna, 'user'), say('x'), 'k1'));
  await desk.telegram.until(() => desk.telegram.throttled === 1, 'the refusal');
  await desk.platform.stop();
  expect((await error).retryable).toBe(true);
});
