/** The Telegram of our tests refuses what Telegram refuses: else the tests that use it would prove nothing. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { png } from '../../bot/chat/telegram/desk.ts';
import { startTelegram, type TestTelegram, type TestUser } from './index.ts';

let telegram: TestTelegram;
let anna: TestUser;

beforeEach(async () => {
  telegram = await startTelegram();
  anna = telegram.user('Anna');
});
afterEach(() => telegram.close());

interface Answer {
  readonly ok: boolean;
  readonly error_code?: number;
  readonly description?: string;
  readonly parameters?: object;
  readonly result?: unknown;
}

async function call(method: string, body: object | FormData, token = telegram.token): Promise<Answer> {
  const isForm = body instanceof FormData;
  const response = await fetch(`${telegram.apiRoot}/bot${token}/${method}`, {
    method: 'POST',
    body: isForm ? body : JSON.stringify(body),
    ...(isForm ? {} : { headers: { 'content-type': 'application/json' } }),
  });
  return (await response.json()) as Answer;
}

function form(fields: Readonly<Record<string, string | Blob>>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, value, `${name}.bin`);
  }
  return data;
}

const keyboard = (callback_data: string) => ({ inline_keyboard: [[{ text: 'x', callback_data }]] });
const html = { parse_mode: 'HTML' };

test.each([
  ['sendMessage', { text: 'x'.repeat(4097) }, 'message is too long'],
  ['sendMessage', { text: ' \n ' }, 'message text is empty'],
  ['sendMessage', { ...html, text: '<b>x' }, "can't parse entities: Can't find end tag"],
  ['sendMessage', { ...html, text: 'a < b' }, "can't parse entities: Unclosed start tag"],
  ['sendMessage', { ...html, text: '<table>x</table>' }, 'Unsupported start tag "table"'],
  ['sendMessage', { ...html, text: '<b><i>x</b></i>' }, 'Unmatched end tag'],
  ['sendMessage', { ...html, text: 'x</b>' }, 'Unexpected end tag'],
  ['sendMessage', { text: 'x', reply_markup: keyboard('d'.repeat(65)) }, 'BUTTON_DATA_INVALID'],
  ['sendMessage', { text: 'x', reply_markup: keyboard('ü'.repeat(33)) }, 'BUTTON_DATA_INVALID'],
  ['sendMessage', { text: 'x', chat_id: '5' }, 'chat not found'],
  ['sendMessage', { text: 'x', colour: 'red' }, 'Unrecognized key'],
  ['editMessageText', { text: 'x', message_id: 99 }, 'message to edit not found'],
  [
    'setMyCommands',
    { chat_id: undefined, commands: [{ command: 'Status', description: 'x' }] },
    'BOT_COMMAND_INVALID',
  ],
  [
    'setMyCommands',
    { chat_id: undefined, commands: [{ command: 'a', description: 'x'.repeat(257) }] },
    'BOT_COMMAND_DESCRIPTION_INVALID',
  ],
  [
    'setMyCommands',
    {
      chat_id: undefined,
      commands: Array.from({ length: 101 }, (_, index) => ({ command: `c${index}`, description: 'x' })),
    },
    'BOT_COMMANDS_TOO_MUCH',
  ],
  ['answerCallbackQuery', { chat_id: undefined, callback_query_id: 'old' }, 'query is too old'],
])('%s refuses %o', async (method, payload, description) => {
  const answer = await call(method, { chat_id: anna.id, ...payload });
  expect(answer).toMatchObject({
    ok: false,
    error_code: 400,
    description: expect.stringContaining(description),
  });
  expect(anna.chat.messages).toEqual([]);
});

test('what fits exactly passes, counted without its markup', async () => {
  const answer = await call('sendMessage', {
    chat_id: anna.id,
    ...html,
    text: `<b>${'&lt;'.repeat(4096)}</b>`,
  });
  expect(answer.ok).toBe(true);
  expect(anna.chat.messages[0]?.text).toBe('<'.repeat(4096));
});

test('the same text once more is not an edit', async () => {
  await call('sendMessage', { chat_id: anna.id, text: 'x' });
  const edit = { chat_id: anna.id, message_id: anna.chat.messages[0]?.id, text: 'x' };
  expect((await call('editMessageText', edit)).description).toContain('message is not modified');
  expect((await call('editMessageCaption', { ...edit, text: undefined })).description).toContain(
    'no caption',
  );
});

test('photos must be pictures, files not empty, albums of two to ten of a kind', async () => {
  const photo = new Blob([png()]);
  const refused = async (method: string, fields: Readonly<Record<string, string | Blob>>) =>
    (await call(method, form({ chat_id: anna.id, ...fields }))).description;
  expect(await refused('sendPhoto', { photo: new Blob(['text']) })).toContain('IMAGE_PROCESS_FAILED');
  expect(await refused('sendPhoto', { photo, caption: 'x'.repeat(1025) })).toContain('caption is too long');
  expect(await refused('sendPhoto', { photo: new Blob([png(9_999, 2)]) })).toContain(
    'PHOTO_INVALID_DIMENSIONS',
  );
  expect(await refused('sendDocument', { document: new Blob([]) })).toContain('non-empty');
  const one = { type: 'photo', media: 'attach://a' };
  expect(await refused('sendMediaGroup', { media: JSON.stringify([one]), a: photo })).toContain('2 to 10');
  const mixed = [one, { type: 'document', media: 'attach://a' }];
  expect(await refused('sendMediaGroup', { media: JSON.stringify(mixed), a: photo })).toContain(
    "can't be mixed",
  );
  const eleven = Array.from({ length: 11 }, () => one);
  expect(await refused('sendMediaGroup', { media: JSON.stringify(eleven), a: photo })).toContain('2 to 10');
  const wordy = [{ ...one, caption: 'x'.repeat(1025) }, one];
  expect(await refused('sendMediaGroup', { media: JSON.stringify(wordy), a: photo })).toContain(
    'caption is too long',
  );
  const buttons = { media: JSON.stringify([one, one]), a: photo, reply_markup: '{"inline_keyboard":[]}' };
  expect(await refused('sendMediaGroup', buttons)).toContain('reply_markup');
  expect(await refused('sendMediaGroup', { media: JSON.stringify([one, one]), a: photo })).toBeUndefined();
  expect(anna.chat.files.map(({ kind }) => kind)).toEqual(['photo', 'photo']);
  expect(anna.chat.files[0]?.data).toEqual(png());
});

test('whoever floods a chat gets 429 with the seconds to wait', async () => {
  const answers: Answer[] = [];
  for (let message = 0; message < 12; message++) {
    answers.push(await call('sendMessage', { chat_id: anna.id, text: String(message) }));
  }
  expect(answers.filter(({ ok }) => ok).length).toBeLessThan(12);
  expect(answers.find(({ ok }) => !ok)).toMatchObject({ error_code: 429, parameters: { retry_after: 1 } });
});

test('of two that poll the earlier one is told', async () => {
  const earlier = call('getUpdates', { timeout: 10 });
  // It has to be there first.
  let later: Promise<Answer> | undefined;
  const timer = setInterval(() => {
    later = call('getUpdates', { timeout: 0 });
  }, 20);
  expect(await earlier).toMatchObject({ error_code: 409 });
  clearInterval(timer);
  expect((await later)?.ok).toBe(true);
});

test('updates stay until they are confirmed', async () => {
  anna.says('/first');
  anna.says('/second');
  const { result } = await call('getUpdates', { offset: 0, limit: 1, timeout: 0 });
  const [first] = result as { update_id: number }[];
  expect(telegram.pending).toBe(2);
  await call('getUpdates', { offset: (first?.update_id ?? 0) + 1, timeout: 0 });
  expect(telegram.pending).toBe(1);
});

test('a wrong or revoked token is refused', async () => {
  expect(await call('getMe', {}, '1:wrong')).toMatchObject({ error_code: 401 });
  telegram.revokesToken();
  expect(await call('getMe', {})).toMatchObject({ error_code: 401 });
});
