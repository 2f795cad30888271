/** The connection to Telegram: what is wrong is said, once, and it comes back by itself. */
import { expect, test, vi } from 'vitest';
import { answering, openDesk, quick } from './desk.ts';

test('a desk that listens says so', async () => {
  await using desk = await openDesk();
  expect((await desk.becomes('ready')).why).toBeUndefined();
});

test('a refused token names its place in the configuration, and works as soon as it is accepted', async () => {
  await using desk = await openDesk();
  await desk.becomes('ready');
  desk.telegram.revokesToken();
  const { why } = await desk.becomes('down');
  expect(why).toContain('platforms.telegram.token');
  desk.telegram.restoresToken();
  await desk.becomes('ready');
  expect(
    desk.log.filter((line) => line.includes('platforms.telegram.token')),
    'however often it is tried, it is said once',
  ).toHaveLength(1);
});

test.each([
  '123456:ABC-DEF_ghi',
  'not what BotFather gave',
  'a/b',
])('the token is in no log line, not even a mistyped one: %s', async (token) => {
  await using desk = await openDesk({ token, apiRoot: 'http://127.0.0.1:9' });
  await vi.waitUntil(() => desk.log.some((line) => line.includes('cannot be reached')));
  const log = `${desk.log.join('\n')} ${desk.platform.status().why}`;
  expect(log).not.toContain(token);
  expect(log).not.toContain(encodeURI(token));
});

test('a network that is away at the start does not stop the desk', async () => {
  await using desk = await openDesk({ apiRoot: 'http://127.0.0.1:9' });
  await vi.waitUntil(() => desk.log.some((line) => line.includes('cannot be reached')));
  expect(desk.platform.status()).toMatchObject({
    state: 'connecting',
    why: expect.stringContaining('network'),
  });
});

test('what was said while the network was away is heard when it is back', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  desk.on('/status', answering({ text: ['All well'] }));
  await desk.becomes('ready');
  desk.telegram.goesAway();
  await desk.becomes('connecting');
  anna.says('/status');
  desk.telegram.comesBack();
  await anna.chat.shows('All well');
  expect(desk.commands).toHaveLength(1);
});

test('another instance with the same token is named, and does not end the process', async () => {
  await using desk = await openDesk();
  await desk.becomes('ready');
  const leave = desk.telegram.anotherInstancePolls();
  expect((await desk.becomes('down')).why).toContain('another instance is polling');
  leave();
  await desk.becomes('ready');
});

test('a webhook that another program left is removed, and nothing that waited is dropped', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  await desk.becomes('ready');
  desk.telegram.setsWebhook('https://old.example/hook');
  anna.says('/status');
  await vi.waitUntil(() => desk.commands.length === 1);
});

test('a poll whose answer was lost loses no command and gives none twice', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  await desk.becomes('ready');
  desk.telegram.losesReply('getUpdates');
  anna.says('/first');
  anna.says('/second');
  await vi.waitUntil(() => desk.commands.length === 2);
  await desk.telegram.until(() => desk.telegram.pending === 0, 'the confirmation');
  expect(desk.commands.map(({ input }) => input.kind === 'typed' && input.text)).toEqual([
    '/first',
    '/second',
  ]);
});

test('a poll that is never answered is given up', async () => {
  await using desk = await openDesk({ pace: { ...quick, pollSeconds: 0, requestMs: 100 } });
  const anna = desk.telegram.user('Anna');
  await desk.becomes('ready');
  desk.telegram.hangs('getUpdates');
  await desk.becomes('connecting');
  anna.says('/status');
  await vi.waitUntil(() => desk.commands.length === 1);
});

test('the command that stopped the desk does not come again at the next start', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  desk.on('/terminate', () => desk.platform.stop());
  anna.says('/terminate');
  await desk.becomes('stopped');
  expect(desk.telegram.pending).toBe(0);
});

test('what is said while the desk is stopped waits for its next start', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  anna.says('/status');
  await vi.waitUntil(() => desk.commands.length === 1);
  await desk.platform.stop();
  anna.says('/later');
  expect(desk.telegram.pending).toBe(1);
  await using restarted = await openDesk({ token: desk.telegram.token, apiRoot: desk.telegram.apiRoot });
  await vi.waitUntil(() => restarted.commands.length === 1);
  expect(restarted.commands[0]?.input).toEqual({ kind: 'typed', text: '/later' });
});

test('a press that waited while the desk was away counts as old as its message', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const ref = await desk.platform.post(
    { platform: 'telegram', kind: 'user', id: anna.id },
    { text: ['Difference'], buttons: [{ id: 'a', label: 'Adopt', style: 'primary' }] },
    'k1',
  );
  await desk.platform.stop();
  const sent = anna.chat.messages.find(({ id }) => String(id) === ref.message);
  anna.presses('Adopt');
  await using restarted = await openDesk({ token: desk.telegram.token, apiRoot: desk.telegram.apiRoot });
  await vi.waitUntil(() => restarted.presses.length === 1);
  expect(restarted.presses[0]?.sentAt).toEqual(sent?.sentAt);
});
