import { describe, expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { type FakeDiscord, fakeDiscord } from './index.ts';

async function open(clock = new ManualClock()): Promise<FakeDiscord> {
  const discord = await fakeDiscord({ clock });
  onTestFinished(() => discord.close());
  return discord;
}

/** A request as a client sends it, past all that discord.js would check. */
async function send(discord: FakeDiscord, method: string, path: string, body: object | FormData) {
  const isForm = body instanceof FormData;
  const response = await fetch(`${discord.rest.api}/v10${path}`, {
    method,
    headers: {
      authorization: `Bot ${discord.token}`,
      ...(isForm ? {} : { 'content-type': 'application/json' }),
    },
    body: isForm ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, answer: text === '' ? {} : JSON.parse(text) };
}

function post(discord: FakeDiscord, body: object | FormData) {
  return send(discord, 'POST', `/channels/${discord.channel().id}/messages`, body);
}

const embed = (parts: object) => ({ embeds: [{ title: 'x', ...parts }] });
const field = { name: 'a', value: 'b' };
const press = (id: string, more: object = {}) => ({ type: 2, style: 1, label: 'x', custom_id: id, ...more });
const rows = (...buttons: object[][]) => ({
  content: 'x',
  components: buttons.map((components) => ({ type: 1, components })),
});

describe('what Discord refuses of a message, its stand-in refuses', () => {
  test.each([
    ['more than 2000 characters', { content: 'x'.repeat(2001) }],
    ['a title over 256', embed({ title: 'x'.repeat(257) })],
    ['a description over 4096', embed({ description: 'x'.repeat(4097) })],
    ['26 fields', embed({ fields: Array.from({ length: 26 }, () => field) })],
    ['a field value over 1024', embed({ fields: [{ name: 'a', value: 'x'.repeat(1025) }] })],
    ['a field without a value', embed({ fields: [{ name: 'a', value: ' ' }] })],
    [
      '6000 characters in all embeds together',
      { embeds: [{ description: 'x'.repeat(4000) }, { description: 'x'.repeat(2001) }] },
    ],
    ['an embed with nothing in it', { content: 'x', embeds: [{ color: 1 }] }],
    ['a picture that is not attached', embed({ image: { url: 'attachment://missing.png' } })],
    ['a file that is not there', { content: 'x', attachments: [{ id: '0', filename: 'a.txt' }] }],
    ['six buttons in a row', rows(Array.from({ length: 6 }, (_, index) => press(`${index}`)))],
    ['six rows', rows(...Array.from({ length: 6 }, (_, index) => [press(`${index}`)]))],
    ['a button id twice', rows([press('a')], [press('a')])],
    ['a button id over 100', rows([press('x'.repeat(101))])],
    ['a label over 80', rows([press('a', { label: 'x'.repeat(81) })])],
    ['a button without a label', rows([press('a', { label: ' ' })])],
    ['a nonce over 25', { content: 'x', nonce: 'x'.repeat(26) }],
    ['a field that it does not know', { content: 'x', ephemeral: true }],
    ['half a character', { content: 'x\ud800' }],
  ])('%s', async (_what, body) => {
    const discord = await open();
    expect(await post(discord, body)).toMatchObject({ status: 400, answer: { code: 50035 } });
    expect(discord.refusals).toHaveLength(1);
    expect(discord.messages()).toEqual([]);
  });

  test('nothing at all', async () => {
    const discord = await open();
    expect(await post(discord, { content: ' ' })).toMatchObject({ status: 400, answer: { code: 50006 } });
  });

  test('a file over 10 MB', async () => {
    const discord = await open();
    const form = new FormData();
    form.set('payload_json', JSON.stringify({ attachments: [{ id: '0', filename: 'a.bin' }] }));
    form.set('files[0]', new Blob([new Uint8Array(10 * 1024 * 1024 + 1)]), 'a.bin');
    expect(await post(discord, form)).toMatchObject({ status: 413, answer: { code: 40005 } });
  });

  test('but the same within the limits it takes', async () => {
    const discord = await open();
    const five = (row: number) => Array.from({ length: 5 }, (_, index) => press(`${row}/${index}`));
    const form = new FormData();
    const payload = {
      content: 'x'.repeat(2000),
      embeds: [
        { title: 'x'.repeat(256), description: 'x'.repeat(4096), image: { url: 'attachment://a.png' } },
        { fields: [{ name: 'x'.repeat(256), value: 'x'.repeat(1024) }] },
      ],
      components: [0, 1, 2, 3, 4].map((row) => ({ type: 1, components: five(row) })),
      attachments: [{ id: '0', filename: 'a.png' }],
    };
    form.set('payload_json', JSON.stringify(payload));
    form.set('files[0]', new Blob(['picture'], { type: 'image/png' }), 'a.png');
    expect((await post(discord, form)).status).toBe(200);
    const [message] = discord.messages();
    expect(message).toMatchObject({ pictures: ['a.png'], files: [{ name: 'a.png', text: 'picture' }] });
    expect(message?.buttons).toHaveLength(25);
    expect(discord.refusals).toEqual([]);
  });
});

describe('what Discord refuses of a command, its stand-in refuses', () => {
  const command = (parts: object) => ({ name: 'buy', description: 'Buys', ...parts });
  const option = (name: string, parts: object = {}) => ({ type: 3, name, description: 'x', ...parts });

  test.each([
    ['a name in capitals', command({ name: 'Buy' })],
    ['a name with a space', command({ name: 'buy now' })],
    ['no description', { name: 'buy' }],
    ['a description over 100', command({ description: 'x'.repeat(101) })],
    ['a required option after another', command({ options: [option('a'), option('b', { required: true })] })],
    ['an option twice', command({ options: [option('a'), option('a')] })],
    [
      'choices together with autocomplete',
      command({ options: [option('a', { autocomplete: true, choices: [{ name: 'x', value: 'x' }] })] }),
    ],
    [
      '26 choices',
      command({
        options: [
          option('a', {
            choices: Array.from({ length: 26 }, (_, at) => ({ name: `${at}`, value: `${at}` })),
          }),
        ],
      }),
    ],
    ['a subcommand beside an option', command({ options: [option('a', { type: 1 }), option('b')] })],
    [
      'texts over 8000 in all',
      command({
        options: Array.from({ length: 25 }, (_, at) =>
          option(`o${at}`, {
            choices: Array.from({ length: 4 }, (_, index) => ({
              name: `${index}${'x'.repeat(80)}`,
              value: 'x',
            })),
          }),
        ),
      }),
    ],
  ])('%s', async (_what, body) => {
    const discord = await open();
    const bot = discord.applicationId;
    const outcome = await send(discord, 'POST', `/applications/${bot}/commands`, body);
    expect(outcome).toMatchObject({ status: 400, answer: { code: 50035 } });
    expect(discord.commands).toEqual([]);
  });
});

describe('what Discord refuses of an answer, its stand-in refuses', () => {
  /** Ann has typed `/buy`, and the bot knows of it. */
  async function asked(clock = new ManualClock()) {
    const discord = await open(clock);
    const bot = discord.applicationId;
    await send(discord, 'POST', `/applications/${bot}/commands`, { name: 'buy', description: 'Buys' });
    const exchange = await discord.user('ann').slash('buy');
    const { id, token } = exchange.key;
    return {
      discord,
      exchange,
      acknowledge: (body: object) => send(discord, 'POST', `/interactions/${id}/${token}/callback`, body),
      edit: (body: object) => send(discord, 'PATCH', `/webhooks/${bot}/${token}/messages/@original`, body),
    };
  }
  const deferred = { type: 5, data: {} };

  test('a second acknowledgement', async () => {
    const { acknowledge } = await asked();
    expect((await acknowledge(deferred)).status).toBe(204);
    expect(await acknowledge(deferred)).toMatchObject({ status: 400, answer: { code: 40060 } });
  });

  test('an acknowledgement after three seconds', async () => {
    const clock = new ManualClock();
    const { acknowledge } = await asked(clock);
    clock.advance(3_001);
    expect(await acknowledge(deferred)).toMatchObject({ status: 404, answer: { code: 10062 } });
  });

  test('an edit before there is anything to edit', async () => {
    const { edit } = await asked();
    expect(await edit({ content: 'x' })).toMatchObject({ status: 404, answer: { code: 10015 } });
  });

  test('an edit after fifteen minutes', async () => {
    const clock = new ManualClock();
    const { acknowledge, edit } = await asked(clock);
    await acknowledge(deferred);
    clock.advance(15 * 60_000 + 1);
    expect(await edit({ content: 'x' })).toMatchObject({ status: 401, answer: { code: 50027 } });
  });

  test('a change of who sees it, after it was deferred', async () => {
    const { exchange, acknowledge, edit } = await asked();
    await acknowledge({ type: 5, data: { flags: 64 } });
    await edit({ content: 'x', flags: 0 });
    expect(exchange.answer?.onlyFor).toBe('ann');
  });

  test('choices for something that is no completion', async () => {
    const { acknowledge } = await asked();
    expect((await acknowledge({ type: 8, data: { choices: [] } })).status).toBe(400);
  });

  test('a command that its client would not send', async () => {
    const { discord } = await asked();
    await expect(discord.user('ann').slash('buy', { symbol: 'SP500' })).rejects.toThrow('no option of it');
  });
});

test('a request without the token is unauthorized', async () => {
  const discord = await open();
  const response = await fetch(`${discord.rest.api}/v10/channels/${discord.channel().id}/messages`, {
    method: 'POST',
    headers: { authorization: 'Bot another', 'content-type': 'application/json' },
    body: JSON.stringify({ content: 'x' }),
  });
  expect(response.status).toBe(401);
});
