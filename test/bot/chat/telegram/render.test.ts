/** Whatever a command answers, Telegram takes it, and nothing of it is lost. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Message } from '../../../../bot/chat/platform.ts';
import { type Rendering, render } from '../../../../bot/chat/telegram/render.ts';
import { block, bold, plainText, rich, type Span, type Table } from '../../../../commands/reply.ts';
import { parseHtml } from '../../../support/telegram/index.ts';
import { chart, csv, png } from './desk.ts';

/** Everything a reader finds: the message and its files of text. */
function found({ html, lead = [], albums }: Rendering): string {
  const files = [...lead, ...albums.flat()];
  return [parseHtml(html).text, ...files.map(({ data }) => new TextDecoder().decode(data))].join('\n');
}

/** White space and control characters are layout; half a surrogate pair cannot be sent. */
function visible(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\u{FFFD}').replace(/[\s\p{Control}\u{FEFF}]+/gu, '');
}

function inCsv(cell: string): string {
  return cell.replaceAll('"', '""');
}

const words = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('<b>', '</b>', '&amp;', '&', '<pre>', '"quoted"', '=1+1', '-1.5', '', ' ', '\n', '👩‍👩‍👧'),
);
/** Long ones too, beyond what a message takes. */
const text = fc.oneof(
  words,
  fc.tuple(words, fc.integer({ min: 1, max: 200 })).map(([part, times]) => part.repeat(times)),
);
const span: fc.Arbitrary<Span> = fc.oneof(
  text,
  text.map((bold) => ({ bold })),
  text.map((italic) => ({ italic })),
  text.map((code) => ({ code })),
  text.map((block) => ({ block })),
);
const table: fc.Arbitrary<Table> = fc.integer({ min: 1, max: 12 }).chain((width) =>
  fc.record({
    columns: fc.array(fc.record({ name: words, align: fc.constantFrom('left' as const, 'right' as const) }), {
      minLength: width,
      maxLength: width,
    }),
    rows: fc.array(fc.array(words, { minLength: width, maxLength: width }), { maxLength: 60 }),
  }),
);
const attachment = fc.record({
  name: fc.constantFrom('a.txt', 'b.csv', 'c.txt'),
  type: fc.constant('text/plain' as const),
  data: fc.string({ maxLength: 20 }).map((content) => new TextEncoder().encode(content)),
});
const message: fc.Arbitrary<Message> = fc.record(
  {
    title: text,
    text: fc.array(span, { maxLength: 150 }),
    fields: fc.array(fc.record({ name: words, value: text }), { maxLength: 30 }),
    table,
    attachments: fc.array(fc.oneof(attachment, fc.constant(chart)), { maxLength: 13 }),
    tone: fc.constantFrom('info' as const, 'success' as const, 'warning' as const, 'danger' as const),
    buttons: fc.array(
      fc.record({
        id: fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/),
        label: fc.string({ minLength: 1, maxLength: 60 }),
        style: fc.constant('primary' as const),
      }),
      { maxLength: 25 },
    ),
  },
  { requiredKeys: [] },
);

test.each([
  'answer',
  'post',
  'text',
  'caption',
] as const)('any reply fits Telegram, and all of it is there (%s)', (as) => {
  fc.assert(
    fc.property(message, (reply) => {
      const rendering = render(reply, as);
      const { text, entities } = parseHtml(rendering.html);
      const { lead = [] } = rendering;
      const isCaption = lead.length > 0 || as === 'caption';
      expect(text.length).toBeLessThanOrEqual(isCaption ? 1024 : 4096);
      expect(entities.length).toBeLessThanOrEqual(100);
      for (const album of [...rendering.albums, ...(lead.length > 0 ? [lead] : [])]) {
        expect(album.length).toBeGreaterThan(0);
        expect(album.length).toBeLessThanOrEqual(10);
        expect(new Set(album.map(({ kind }) => kind)).size, 'an album is of one kind').toBe(1);
      }
      expect([...lead, ...rendering.albums.flat()].every(({ data }) => data.length > 0)).toBe(true);
      if (lead.length > 1) {
        expect(rendering.keyboard, 'an album takes no buttons').toEqual([]);
        expect(as, 'what is edited later may get buttons').toBe('answer');
      }
      if (rendering.html === '' && lead.length === 0) {
        expect(rendering.albums.length, 'there is always something to send').toBeGreaterThan(0);
        expect(rendering.keyboard, 'an album takes no buttons').toEqual([]);
      }
      expect(rendering.keyboard.flat().map((button) => button.text)).toEqual(
        (reply.buttons ?? []).map(({ label }) => label),
      );

      const all = visible(found(rendering));
      expect(all).toContain(visible(reply.title ?? ''));
      expect(all).toContain(visible(plainText(reply.text ?? [])));
      for (const { name, value } of reply.fields ?? []) {
        expect(all).toContain(visible(`${name}: ${value}`));
      }
      const cells = [
        ...(reply.table?.columns.map(({ name }) => name) ?? []),
        ...(reply.table?.rows.flat() ?? []),
      ];
      for (const cell of cells) {
        expect(
          all.includes(visible(cell)) || all.includes(visible(inCsv(cell))),
          `the cell ${JSON.stringify(cell)} is lost`,
        ).toBe(true);
      }
      const uploads = [...lead, ...rendering.albums.flat()];
      for (const { name, data } of reply.attachments ?? []) {
        if (data.length === 0) expect(all).toContain(visible(`${name} is empty`));
        else expect(uploads.some((upload) => upload.data === data)).toBe(true);
      }
    }),
    { numRuns: 150 },
  );
}, 60_000);

test('a table that a phone can show stands in the message, aligned', () => {
  const { html, lead, albums } = render({
    title: 'Books',
    table: {
      columns: [{ name: 'Book' }, { name: 'Cash', align: 'right' }],
      rows: [
        ['main', '1,000.00'],
        ['R&D', '5.00'],
      ],
    },
  });
  expect(html).toBe(
    'ℹ️ <b>Books</b>\n\n<pre>Book      Cash\n────  ────────\nmain  1,000.00\nR&amp;D       5.00</pre>\n',
  );
  expect([lead, albums]).toEqual([undefined, []]);
});

test('a table too wide for a phone comes as CSV, with the first columns of its first rows', () => {
  const columns = Array.from({ length: 12 }, (_, index) => ({ name: `column ${index}` }));
  const rows = Array.from({ length: 40 }, (_, row) => columns.map((_column, index) => `${row}/${index}`));
  const { html, lead: [file] = [] } = render({ title: 'Trades', table: { columns, rows } });
  const { text, entities } = parseHtml(html);
  expect(file?.name).toBe('table.csv');
  expect(new TextDecoder().decode(file?.data)).toContain('39/0,39/1,39/2');
  expect(text).toContain('column 0');
  expect(text).toContain('9/0');
  expect(text).not.toContain('10/0');
  expect(text).toContain('The whole table is in table.csv: 40 rows, 12 columns.');
  expect(entities.map(({ type }) => type)).toEqual(['bold', 'pre']);
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
});

test('a table with line breaks in its cells keeps them in a CSV', () => {
  const { lead: [file] = [] } = render({ table: { columns: [{ name: 'Note' }], rows: [['first\nsecond']] } });
  expect(new TextDecoder().decode(file?.data)).toBe('Note\r\n"first\nsecond"\r\n');
});

test('many files come in albums of ten', () => {
  const { lead = [], albums } = render({ attachments: Array.from({ length: 23 }, () => csv) });
  expect([lead, ...albums].map(({ length }) => length)).toEqual([10, 10, 3]);
});

test('several files of one kind take the text, unless it has buttons or is edited later', () => {
  const message: Message = { text: ['Report'], attachments: [csv, { ...csv, name: 'orders.csv' }] };
  const shape = ({ html, lead = [], albums }: Rendering) => [
    html,
    lead.length,
    albums.map((each) => each.length),
  ];
  expect(shape(render(message))).toEqual(['Report', 2, []]);
  expect(shape(render({ ...message, attachments: [...(message.attachments ?? []), chart] }))).toEqual([
    ...['Report', 1, [2]],
  ]);
  expect(shape(render({ ...message, buttons: [{ id: 'x', label: 'Again', style: 'primary' }] }))).toEqual([
    ...['Report', 0, [2]],
  ]);
  expect(shape(render(message, 'post'))).toEqual(['Report', 0, [2]]);
});

test('a text too long for a message becomes a file, with its beginning in the message', () => {
  const long = Array.from({ length: 2000 }, (_, index) => `line ${index}`).join('\n');
  const { html, lead: [file] = [] } = render({
    title: 'Log',
    text: [long],
    fields: [{ name: 'Lines', value: '2000' }],
  });
  const { text } = parseHtml(html);
  expect(text).toMatch(/^ℹ️ Log\nline 0\nline 1\n/);
  expect(text).toContain('The whole text is in message.txt.');
  expect(file?.name).toBe('message.txt');
  expect(new TextDecoder().decode(file?.data)).toBe(`ℹ️ Log\n${long}\n\nLines: 2000`);
});

test('the last character that fits a message is 4096, counted after the markup', () => {
  const fits = render({ text: [bold('<'.repeat(4096))] });
  expect(fits.albums).toEqual([]);
  expect(parseHtml(fits.html).text).toHaveLength(4096);
  expect(render({ text: [bold('<'.repeat(4097))] }).lead?.[0]?.name).toBe('message.txt');
});

test('a caption takes 1024 characters, and one more sends the text first', () => {
  expect(render({ text: ['x'.repeat(1024)], attachments: [chart] }).lead?.[0]?.name).toBe('equity.png');
  const longer = render({ text: ['x'.repeat(1025)], attachments: [chart] });
  expect([longer.lead, longer.albums.length]).toEqual([undefined, 1]);
});

test('the hundred styles that Telegram allows go to tables first, and no text is lost with the others', () => {
  const { html } = render({
    text: [...Array.from({ length: 150 }, (_, index) => bold(`b${index} `)), block('wide   table')],
  });
  const { text, entities } = parseHtml(html);
  expect(entities).toHaveLength(100);
  expect(entities.at(-1)?.type, 'the table keeps its columns').toBe('pre');
  expect(text).toContain('b149');
});

test('names cannot change how the message looks', () => {
  const { html } = render({ text: rich`${'</b><a href="tg://user?id=1">x</a>'} ${bold('a<b & c')}` });
  expect(parseHtml(html)).toEqual({
    text: '</b><a href="tg://user?id=1">x</a> a<b & c',
    entities: [{ type: 'bold', offset: 35, length: 7 }],
  });
});

test('a picture that Telegram does not show as a photo is sent as a file', () => {
  const wide = { ...chart, data: png(9_000, 1_001) };
  const stripe = { ...chart, data: png(2_001, 100) };
  const broken = { ...chart, data: new Uint8Array([1, 2, 3]) };
  for (const attachment of [wide, stripe, broken]) {
    expect(render({ attachments: [attachment] }).lead?.[0]?.kind).toBe('document');
  }
  expect(render({ attachments: [chart] }).lead?.[0]?.kind).toBe('photo');
});

test('a file that Telegram cannot take is named, with the reason', () => {
  const { html, albums } = render({
    text: ['Data'],
    attachments: [
      { ...csv, name: 'empty.csv', data: new Uint8Array() },
      { ...csv, name: 'huge.csv', data: new Uint8Array(50_000_001) },
    ],
  });
  expect(html).toBe(
    'Data\nempty.csv is empty.\nhuge.csv is too large for Telegram (50.0 MB of 50): ask for it on another platform.',
  );
  expect(albums).toEqual([]);
});
