/** One person, one bot: what is typed arrives, and what is shown is seen. */
import { expect, test, vi } from 'vitest';
import { bold, code, rich } from '../../../../commands/reply.ts';
import { answering, chart, csv, openDesk, png } from './desk.ts';

test('a typed command reaches the desk and its answer the user', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  desk.on(
    '/book show main',
    answering({
      title: 'Book main',
      tone: 'success',
      text: rich`Cash ${bold('1,000 <USD>')} & ${code('SP500')}`,
      fields: [{ name: 'In use', value: '0' }],
    }),
  );
  anna.says('/book show main');
  const answer = await anna.chat.shows('Book main');
  expect(answer.text).toBe('✅ Book main\nCash 1,000 <USD> & SP500\n\nIn use: 0');
  expect(answer.entities.map(({ type }) => type)).toEqual(['bold', 'bold', 'code', 'bold']);
  expect(anna.chat.actions, 'the user sees that work began').toEqual(['typing']);
  expect(desk.commands[0]).toMatchObject({
    user: { platform: 'telegram', id: anna.id, name: 'Anna' },
    chat: { id: anna.id, private: true },
    input: { kind: 'typed', text: '/book show main' },
  });
});

test('what is typed without a slash arrives as it is in a private chat, and not at all in a group', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const group = desk.telegram.group('Traders');
  anna.says('good morning', { in: group });
  anna.sendsPhoto();
  anna.says('help');
  await vi.waitUntil(() => desk.commands.length > 0);
  expect(desk.commands.map(({ input }) => input)).toEqual([{ kind: 'typed', text: 'help' }]);
});

test('a command may name the bot, and one that names another bot is not ours', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const group = desk.telegram.group('Traders');
  anna.says('/plan@some_other_bot run demo', { in: group });
  anna.says(`/plan@${desk.telegram.botUsername.toUpperCase()} run a@b`, { in: group });
  anna.says('/mail me@home', { in: group });
  await vi.waitUntil(() => desk.commands.length === 2);
  const typed = desk.commands.map(({ input }) => input.kind === 'typed' && input.text);
  expect(typed).toEqual(['/plan run a@b', '/mail me@home']);
  expect(desk.commands[0]?.chat).toEqual({ id: group.id, private: false });
});

test('a corrected command says that it is one, and other corrections are nothing', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  anna.says('/chart SP50');
  anna.edits('/chart SP500');
  anna.says('demo');
  anna.edits('rotation');
  anna.says('/status');
  await vi.waitUntil(() => desk.commands.length === 4);
  expect(
    desk.commands.map(({ input, corrected = false }) => [input.kind === 'typed' && input.text, corrected]),
  ).toEqual([
    ['/chart SP50', false],
    ['/chart SP500', true],
    ['demo', false],
    ['/status', false],
  ]);
});

test('a command that waited while the desk was away says when it was sent', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  anna.says('/sell', { at: new Date('2026-01-05T10:00:00Z') });
  await vi.waitUntil(() => desk.commands.length === 1);
  expect(desk.commands[0]?.sentAt).toEqual(new Date('2026-01-05T10:00:00Z'));
});

test('a pressed button says its id and stops spinning', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const buttons = [
    { id: 'y-12345678901234567890123456', label: 'Confirm', style: 'danger' },
    { id: 'n-1', label: 'Cancel', style: 'secondary' },
    { id: 'r-1', label: 'Show all trades of this book as a file', style: 'secondary' },
  ] as const;
  desk.on('/panic', answering({ text: ['Sure?'], buttons }));
  anna.says('/panic');
  const question = await anna.chat.shows('Sure?');
  expect(question.buttons, 'short labels share a row, a long one has its own').toEqual([
    ['Confirm', 'Cancel'],
    ['Show all trades of this book as a file'],
  ]);
  const before = Date.now();
  const press = anna.presses('Confirm');
  await desk.telegram.until(() => press.answered(), 'the answer to the press');
  await vi.waitUntil(() => desk.presses.length === 1);
  expect(desk.presses[0]).toMatchObject({ buttonId: buttons[0].id, user: { id: anna.id } });
  expect(
    desk.presses[0]?.sentAt.getTime(),
    'a press while the desk listens is a new one, however old its message',
  ).toBeGreaterThanOrEqual(before - 1000);
});

test('the answer to Confirm takes the place of the question', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const buttons = [{ id: 'y-1', label: 'Confirm', style: 'danger' }] as const;
  desk.on('/flatten', answering({ text: ['Sell everything?'], buttons }));
  desk.on('y-1', async (responder) => {
    await responder.acknowledge('in-place');
    await responder.show({ text: ['Selling'] });
    await responder.show({ text: ['All sold'] });
  });
  anna.says('/flatten');
  await anna.chat.shows('Sell everything?');
  anna.presses('Confirm');
  const answer = await anna.chat.shows('All sold');
  expect(anna.chat.messages).toHaveLength(1);
  expect(answer.buttons, 'it cannot be confirmed twice').toEqual([]);
  expect(answer.versions[0]).toBe('Sell everything?');
});

test('progress becomes the answer in the same message', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  desk.on('/backtest', async (responder) => {
    await responder.acknowledge('everyone');
    await responder.show({ text: ['working 10 %'] });
    await responder.show({ text: ['working 10 %'] });
    await responder.show({ text: ['working 90 %'] });
    await responder.show({ text: ['Return 12 %'] });
  });
  anna.says('/backtest');
  const answer = await anna.chat.shows('Return 12 %');
  expect(answer.versions).toEqual(['working 10 %', 'working 90 %', 'Return 12 %']);
  expect(anna.chat.messages).toHaveLength(1);
});

test('of progress that comes too fast the latest is shown, and the answer always is', async () => {
  await using desk = await openDesk({ pace: { pollSeconds: 1, chat: { count: 2, ms: 400 } } });
  let allShown = false;
  const anna = desk.telegram.user('Anna');
  desk.on('/optimize', async (responder) => {
    await responder.acknowledge('everyone');
    const shown = [];
    for (let step = 1; step <= 50; step++) shown.push(responder.show({ text: [`step ${step}`] }));
    shown.push(responder.show({ text: ['done'] }));
    await Promise.all(shown);
    allShown = true;
  });
  anna.says('/optimize');
  await vi.waitUntil(() => allShown, { timeout: 45_000 });
  expect(anna.chat.messages[0]?.text).toBe('done');
  const edits = desk.telegram.calls.filter((method) => method === 'editMessageText');
  expect(edits.length, 'Telegram is not flooded with steps that nobody can read').toBeLessThan(3);
  expect(anna.chat.messages).toHaveLength(1);
});

test('in a group, progress leaves room for the answer', async () => {
  await using desk = await openDesk({ pace: { pollSeconds: 1, groupEdits: { count: 1, ms: 500 } } });
  const anna = desk.telegram.user('Anna');
  const group = desk.telegram.group('Traders');
  desk.on('/optimize', async (responder) => {
    await responder.acknowledge('everyone');
    await responder.show({ text: ['step 1'] });
    await responder.show({ text: ['step 2'] });
    const third = responder.show({ text: ['step 3'] });
    // Something else happens in the meantime, and then the work is done before the third step could be shown.
    await responder.acknowledge('everyone');
    await desk.telegram.until(() => group.chat.actions.length === 2, 'typing');
    await Promise.all([third, responder.show({ text: ['done'] })]);
  });
  anna.says('/optimize', { in: group });
  const answer = await group.chat.shows('done');
  expect(answer.versions).toEqual(['step 1', 'step 2', 'done']);
});

test('a chart comes in one message with its text, and nothing says any more that work goes on', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  desk.on('/backtest', async (responder) => {
    await responder.acknowledge('everyone');
    await responder.show({ text: ['working'] });
    await responder.show({
      title: 'Report',
      attachments: [chart],
      buttons: [{ id: 'r-1', label: 'Trades', style: 'primary' }],
    });
  });
  anna.says('/backtest');
  const report = await anna.chat.shows('Report');
  await desk.telegram.until(() => anna.chat.deleted.length > 0, 'the progress message goes');
  expect(anna.chat.messages).toHaveLength(1);
  expect(report.buttons).toEqual([['Trades']]);
  expect(report.file).toEqual({ kind: 'photo', name: 'equity.png', data: chart.data });
});

test('a progress message that Telegram does not delete stops saying that work goes on', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  desk.on('/backtest', async (responder) => {
    await responder.acknowledge('everyone');
    await responder.show({ text: ['working'] });
    desk.telegram.refuses('deleteMessages', "Bad Request: message can't be deleted");
    await responder.show({ title: 'Report', attachments: [chart] });
  });
  anna.says('/backtest');
  await anna.chat.shows('Report');
  await anna.chat.shows('The answer is below');
  expect(anna.chat.messages.map(({ text }) => text)).not.toContain('working');
});

test('charts and files arrive whole: photos, an album of documents, the text first', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const second = { ...chart, name: 'drawdown "1".png', data: png(800, 600, 7) };
  const long = `${'word '.repeat(400)}end`;
  desk.on(
    '/report',
    answering({ text: [long], attachments: [chart, csv, second, { ...csv, name: 'größe.csv' }] }),
  );
  anna.says('/report');
  await desk.telegram.until(() => anna.chat.files.length === 4, 'all files');
  const [text, ...files] = anna.chat.messages;
  expect(text?.text).toBe(long);
  expect(files.map(({ file }) => [file?.kind, file?.name])).toEqual([
    ['photo', 'equity.png'],
    ['photo', 'drawdown _1_.png'],
    ['document', 'trades.csv'],
    ['document', 'größe.csv'],
  ]);
  expect(files[1]?.file?.data).toEqual(second.data);
  expect(files[2]?.file?.data).toEqual(csv.data);
  expect(files[0]?.album, 'photos share an album').toBe(files[1]?.album);
  expect(files[2]?.album).toBe(files[3]?.album);
});

test('pictures of one answer are an album with the answer on the first, also after it changes', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const pictures = Array.from({ length: 12 }, (_, index) => ({ ...chart, name: `${index}.png` }));
  desk.on('/charts', async (responder) => {
    await responder.acknowledge('everyone');
    await responder.show({ title: 'Charts', attachments: pictures });
    await responder.show({ title: 'Charts of today', attachments: pictures });
  });
  anna.says('/charts');
  await anna.chat.shows('Charts of today');
  const { messages } = anna.chat;
  expect(messages.map(({ file }) => file?.name)).toEqual(pictures.map(({ name }) => name));
  expect(
    messages.map(({ text }) => text),
    'edited where it stands',
  ).toEqual(['ℹ️ Charts of today', ...Array(11).fill('')]);
  expect(new Set(messages.slice(0, 10).map(({ album }) => album)).size).toBe(1);
  expect(messages[10]?.album, 'an album holds ten').not.toBe(messages[0]?.album);
  expect(messages[10]?.album).toBe(messages[11]?.album);
  expect(desk.telegram.refusals).toEqual([]);
});

test('an album that gets buttons becomes a text with buttons, and the album after it', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const attachments = [csv, { ...csv, name: 'orders.csv' }];
  desk.on('/report', async (responder) => {
    await responder.acknowledge('everyone');
    await responder.show({ text: ['Report'], attachments });
    await responder.show({
      text: ['Report'],
      attachments,
      buttons: [{ id: 'again', label: 'Again', style: 'primary' }],
    });
  });
  anna.says('/report');
  await desk.telegram.until(
    () => anna.chat.messages[0]?.buttons.length === 1 && anna.chat.messages.length === 3,
    'the album in its new shape',
  );
  expect(anna.chat.messages.map(({ text, file }) => text || file?.name)).toEqual([
    'Report',
    'trades.csv',
    'orders.csv',
  ]);
  expect(desk.telegram.refusals).toEqual([]);
});

test('an answer that changes from chart to text leaves no chart behind', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  desk.on('/chart', async (responder) => {
    await responder.acknowledge('everyone');
    await responder.show({ text: ['first'], attachments: [chart] });
    await responder.show({ text: ['same chart'], attachments: [chart] });
    await responder.show({ text: ['no chart'] });
  });
  anna.says('/chart');
  await anna.chat.shows('no chart');
  await desk.telegram.until(() => anna.chat.messages.length === 1, 'the chart goes');
  expect(anna.chat.files).toEqual([]);
  expect(anna.chat.deleted, 'the caption had been edited in place').toEqual(['same chart']);
});

test('an answer whose message the user deleted is sent again', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  desk.on('/slow', async (responder) => {
    await responder.acknowledge('everyone');
    await responder.show({ text: ['working'] });
    anna.deletes('working');
    await responder.show({ text: ['done'] });
  });
  anna.says('/slow');
  await anna.chat.shows('done');
});

test('a stranger hears nothing at all', async () => {
  await using desk = await openDesk();
  const stranger = desk.telegram.user('Eve');
  let refused = false;
  desk.on('/status', async (responder) => {
    await responder.refuse({ text: ['You are not on the list'] });
    refused = true;
  });
  stranger.says('/status');
  await vi.waitUntil(() => refused);
  await desk.platform.stop();
  expect(stranger.chat.messages).toEqual([]);
  expect(stranger.chat.actions).toEqual([]);
  expect(desk.telegram.calls.filter((method) => method.startsWith('send'))).toEqual([]);
});

test('in a group the answer says whom it answers, and stays in the topic', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const group = desk.telegram.group('Traders');
  desk.on('/status', answering({ text: ['All well'], attachments: [csv] }));
  anna.says('/status', { in: group, thread: 7 });
  const answer = await group.chat.shows('All well');
  expect(answer.replyTo, 'it is an answer to the command').toBeGreaterThan(0);
  expect(answer.thread).toBe(7);
});

test('what only the asker may see goes to their private chat', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const group = desk.telegram.group('Traders');
  desk.on('/balance', async (responder) => {
    await responder.acknowledge('only-you');
    await responder.show({ text: ['5,000 USD'] });
  });
  anna.says('/balance', { in: group });
  await anna.chat.shows('5,000 USD');
  expect(group.chat.messages).toEqual([]);
  expect(group.chat.actions).toEqual([]);
});

test('who has not opened the bot is told so in the group, once and without the answer', async () => {
  await using desk = await openDesk();
  const ben = desk.telegram.user('Ben', { opened: false });
  let allShown = false;
  const group = desk.telegram.group('Traders');
  desk.on('/balance', async (responder) => {
    await responder.acknowledge('only-you');
    await responder.show({ text: ['working'] });
    await responder.show({ text: ['5,000 USD'] });
    await responder.show({ text: ['5,001 USD'] });
    allShown = true;
  });
  ben.says('/balance', { in: group });
  const told = await group.chat.shows('open @outcry_test_bot, press Start');
  expect(told.text).toContain('Ben');
  await vi.waitUntil(() => allShown, { timeout: 45_000 });
  expect(group.chat.messages).toHaveLength(1);
});

test('a long command does not keep others waiting', async () => {
  await using desk = await openDesk();
  const anna = desk.telegram.user('Anna');
  const ben = desk.telegram.user('Ben');
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  desk.on('/long', async (responder) => {
    await finished;
    await answering({ text: ['long done'] })(responder, desk.commands[0] as never);
  });
  desk.on('/quick', answering({ text: ['quick done'] }));
  anna.says('/long');
  await vi.waitUntil(() => desk.commands.length === 1);
  ben.says('/quick');
  await ben.chat.shows('quick done');
  finish();
  await anna.chat.shows('long done');
});
