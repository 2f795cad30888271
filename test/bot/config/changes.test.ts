/** What chat may do to a configuration, from the side of the files. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Config, type DocumentChange, loadConfig } from '../../../bot/config/load.ts';
import { tempFolder } from '../../support/temp-store.ts';

const desk = `# the old token was hunter22
sources: { d: { type: demo } }
brokers: { p: { type: paper, source: d, balances: { USD: "1" } } }
platforms: { telegram: { token: "\${TG_TOKEN}" } }
`;
const book = `name: one
currency: USD
capital: "100"
broker: p
handler: { name: order }
key: literal-key-123  # do not share
`;

async function configured(files: Record<string, string> = {}): Promise<Config> {
  const root = await tempFolder();
  for (const [name, text] of Object.entries({ 'desk.yaml': desk, 'books/file.yaml': book, ...files })) {
    const path = join(root, 'config/demo', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return loadConfig({ root, environment: { TG_TOKEN: '1:secret-token' }, knownHandlers: ['order'] });
}

const change = (key: string, value: string | null, document = 'books/one'): DocumentChange => ({
  document,
  key,
  value,
  by: 'ann',
});

const only = (changes: readonly DocumentChange[]) => ({ changes, made: [] });

describe('a change from chat', () => {
  it('counts as if it stood in the file, also where its section is missing', async () => {
    const files = await configured();
    const { books, limits } = files.withChanges(
      only([
        change('limits.order', '0.10'),
        change('mirage', '{ strategy: s, instance: i }'),
        change('limits.trading.lossPerDay', '"20"', 'desk'),
      ]),
    );
    expect(books[0]).toMatchObject({ limits: { order: '0.1' }, mirage: { strategy: 's', instance: 'i' } });
    expect(limits.trading.lossPerDay).toBe('20');
    expect(files.books[0]?.limits, 'the files stay as they are').toEqual({});
  });

  it('can take a key away', async () => {
    const { books } = (await configured()).withChanges(only([change('key', null)]));
    expect(books[0]?.key).toBeUndefined();
  });

  it('that does not go with the files stops the start, naming its author and the way back', async () => {
    const files = await configured();
    expect(() => files.withChanges(only([change('limits.order', 'much')]))).toThrow(
      /books\/file\.yaml: limits\.order: found "much"; must be .* \(changed in chat by ann; npm start -- --reset "books\/one limits\.order"/,
    );
    expect(() => files.withChanges(only([change('name.first', 'x')]))).toThrow(/cannot be changed in chat/);
  });

  it('of a file that is gone means nothing', async () => {
    const files = await configured();
    expect(files.withChanges(only([change('limits.order', '5', 'books/gone')])).books).toEqual(files.books);
  });

  it.each([
    '*anchor',
    '&a 5',
    '!tag x',
    '[1, 2',
    `\${TG_TOKEN}`,
  ])('is plain YAML, so not %s', async (value) => {
    const files = await configured();
    expect(() => files.withChanges(only([change('description', value)]))).toThrow();
  });
});

describe('the files that are sent on request', () => {
  it('have what was changed, and neither secrets nor comments, in which there may be some', async () => {
    const { documents } = (await configured()).withChanges(only([change('limits.order', '500')]));
    const texts = [...documents.values()].map((document) => document.exported());
    const [deskText = '', bookText = ''] = texts;
    expect(bookText).toContain('order: 500');
    expect(bookText).toContain('key: (left out)');
    expect(deskText).toContain(`\${TG_TOKEN}`);
    for (const secret of ['literal-key-123', 'secret-token', 'hunter22', 'do not share'])
      expect(texts.join('\n')).not.toContain(secret);
  });
});
