import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable } from '../../../../bot/chat/discord/markdown.ts';
import {
  defaultFileSizeLimit,
  type RenderedMessage,
  renderMessage,
} from '../../../../bot/chat/discord/render.ts';
import { tableCsv, tableText } from '../../../../bot/chat/layout.ts';
import type { Message, MessageButton } from '../../../../bot/chat/platform.ts';
import {
  type Attachment,
  block,
  bold,
  code,
  italic,
  plainText,
  type Span,
} from '../../../../commands/reply.ts';
import { descriptionProblems, messageProblems } from '../../../support/discord/checks.ts';
import { bare, shownWords } from './reading.ts';

const png = (name: string, size = 10): Attachment => ({
  name,
  type: 'image/png',
  data: new Uint8Array(size),
});

function render(message: Message, limit = defaultFileSizeLimit) {
  const messages = renderMessage(message, limit);
  const [first] = messages;
  const [embed = {}] = first.embeds;
  return { messages, first, embed, names: first.files.map(({ name }) => name) };
}

const fileText = ({ data }: Attachment) => new TextDecoder().decode(data);

/** Everything that Discord would say against a message. */
function problemsOf({ embeds, components, files }: RenderedMessage, sizeLimit: number): string[] {
  const attachments = files.map(({ name }, index) => ({ id: String(index), filename: name }));
  const body = JSON.parse(JSON.stringify({ content: '', embeds, components, attachments }));
  return [
    ...descriptionProblems('createMessage', body),
    ...messageProblems(
      body,
      files.map(({ name }) => name),
    ),
    ...files.filter(({ data }) => data.length > sizeLimit).map(({ name }) => `${name} is too large`),
    ...(new Set(files.map(({ name }) => name)).size < files.length ? ['two files have one name'] : []),
    ...(embeds.length + components.length + files.length === 0 ? ['an empty message'] : []),
  ];
}

describe('the tone', () => {
  test('is a colour, and a mark for those who do not see it', () => {
    const { embed } = render({ title: 'Order rejected', tone: 'danger' });
    expect(embed.title).toBe('⛔ Order rejected');
    expect(embed.color).not.toBe(render({ title: 'Filled', tone: 'success' }).embed.color);
  });

  test('is marked in the text where there is no title', () => {
    expect(render({ text: ['limit hit'], tone: 'warning' }).embed.description).toBe('⚠️ limit hit');
    expect(render({ text: ['all is well'] }).embed.description).toBe('all is well');
  });
});

describe('a table', () => {
  const table = (rows: number, columns = 2) => ({
    columns: Array.from({ length: columns }, (_, index) => ({ name: `column ${index}` })),
    rows: Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, at) => `${row}/${at}`),
    ),
  });

  test('stands in the message when it fits', () => {
    const { embed, names } = render({ table: table(5) });
    expect(embed.description).toBe(`\`\`\`\n${tableText(table(5))}\n\`\`\``);
    expect(names).toEqual([]);
  });

  test('becomes a CSV file when it is too long, with its first rows in the message', () => {
    const { embed, first, names } = render({ table: table(500) });
    expect(names).toEqual(['table.csv']);
    expect(first.files.map(fileText)).toEqual([tableCsv(table(500))]);
    expect(embed.description).toContain('9/1');
    expect(embed.description).toContain('10 of 500 rows; all of it is in `table.csv`.');
  });

  test('becomes a CSV file when a phone could not show it, with its first columns in the message', () => {
    const { embed, names } = render({ table: table(3, 12) });
    expect(names).toEqual(['table.csv']);
    expect(embed.description).toContain('3 of 3 rows and 6 of 12 columns; all of it is in `table.csv`.');
  });

  test('is a file only, when not even one column fits', () => {
    const wide = { columns: [{ name: 'x'.repeat(80) }], rows: [['1']] };
    expect(render({ table: wide }).embed.description).toBe('The table (1 rows) is in `table.csv`.');
  });
});

describe('a long text', () => {
  test('is a file, with its beginning in the message', () => {
    const lines = Array.from({ length: 400 }, (_, index) => `line ${index} of the report`).join('\n');
    const { embed, first } = render({
      title: 'Report',
      text: [lines],
      fields: [{ name: 'Trades', value: '93' }],
    });
    expect(embed.description).toMatch(/^line 0 of the report\n/);
    expect(embed.description).toContain('…\nThe whole text is in `message.txt`.');
    expect(first.files.map(fileText)).toEqual([`Report\n\n${lines}\n\nTrades: 93`]);
    expect(embed.fields).toEqual([{ name: 'Trades', value: '93', inline: true }]);
  });

  test('is several files when one would be larger than Discord takes', () => {
    const text = 'a word or two '.repeat(2000);
    const { first } = render({ text: [text] }, 10_000);
    expect(first.files.map(fileText).join('')).toBe(text);
    expect(first.files.map(({ name }) => name).slice(0, 2)).toEqual(['message.txt', 'message-2.txt']);
  });
});

test('fields beyond what an embed holds are in a file, and those that fit are shown', () => {
  const fields = Array.from({ length: 30 }, (_, index) => ({ name: `day ${index}`, value: 'x'.repeat(300) }));
  const { first, embed } = render({ title: 'Days', text: ['y'.repeat(3000)], fields });
  expect(problemsOf(first, defaultFileSizeLimit)).toEqual([]);
  expect(embed.fields?.length).toBe(9);
  expect(first.files.map(fileText)).toEqual([expect.stringContaining('day 29: xxx')]);
});

describe('files', () => {
  test('that are pictures are seen in the message, the first beside the text', () => {
    const { first } = render({ title: 'Charts', attachments: [png('equity.png'), png('drawdown.png')] });
    expect(first.embeds.map(({ title, image }) => [title, image?.url])).toEqual([
      ['Charts', 'attachment://equity.png'],
      [undefined, 'attachment://drawdown.png'],
    ]);
  });

  test('get names that an embed can point at, each its own', () => {
    const { names } = render({ attachments: [png('équité 1.png'), png('a.png'), png('a.png')] });
    expect(names).toEqual(['_quit__1.png', 'a.png', 'a-2.png']);
  });

  test('beyond ten come in further messages', () => {
    const attachments = Array.from({ length: 23 }, (_, index) => png(`${index}.png`));
    const { messages } = render({ attachments });
    expect(messages.map(({ files }) => files.length)).toEqual([10, 10, 3]);
  });

  test('that are too large are named in the text, not dropped in silence', () => {
    const { embed, names } = render(
      { text: ['Done.'], attachments: [png('huge.png', 3 * 1024 * 1024)] },
      1024 * 1024,
    );
    expect(names).toEqual([]);
    expect(embed.description).toBe(
      'Done.\nhuge.png (3.0 MB) is larger than the 1.0 MB that Discord takes here, and was not sent.',
    );
  });
});

describe('buttons', () => {
  const button = (id: string, label = id): MessageButton => ({ id, label, style: 'primary' });

  test('stand five in a row, and beyond 25 in further messages', () => {
    const buttons = Array.from({ length: 28 }, (_, index) => button(`b${index}`));
    const { messages } = render({ title: 'Pick', buttons });
    expect(messages.map(({ components }) => components.map((row) => row.components.length))).toEqual([
      [5, 5, 5, 5, 5],
      [3],
    ]);
  });

  test('with a long label show its beginning, and all of it in the text', () => {
    const label = 'Run the plan of the third quarter again '.repeat(3).trim();
    const { embed, first } = render({ buttons: [button('b', label)] });
    const shown = first.components[0]?.components[0]?.label ?? '';
    expect(shown).toMatch(/^Run the plan.*…$/);
    expect(shown.length).toBeLessThanOrEqual(80);
    expect(embed.description).toContain(label);
  });
});

test('an empty message is still one that Discord takes', () => {
  expect(problemsOf(render({}).first, defaultFileSizeLimit)).toEqual([]);
  expect(problemsOf(render({ title: ' ', text: [''], fields: [] }).first, defaultFileSizeLimit)).toEqual([]);
});

describe('whatever a message holds', () => {
  const unit = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.constantFrom(...'*_~`|<>[]()#-+.:@\\ab1 \n"\'', '📈', '```', '@everyone', '<@1>'),
    },
    { weight: 5, arbitrary: fc.constantFrom(...'abc defgh') },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  );
  const word = fc.string({ unit, maxLength: 40 });
  /** Long ones are a short one many times: fast-check would take long to make them sign by sign. */
  const long = fc.tuple(word, fc.integer({ min: 1, max: 300 })).map(([text, times]) => text.repeat(times));
  const text = fc.oneof({ weight: 4, arbitrary: word }, { weight: 1, arbitrary: long });
  const span: fc.Arbitrary<Span> = fc.oneof(
    text,
    text.map(bold),
    text.map(italic),
    text.map(code),
    text.map(block),
  );
  const column = fc.record({ name: text, align: fc.constantFrom('left' as const, 'right' as const) });
  const cells = fc.array(fc.array(word, { maxLength: 12 }), { maxLength: 12 });
  const table = fc
    .tuple(fc.array(column, { minLength: 1, maxLength: 12 }), cells, fc.integer({ min: 1, max: 30 }))
    .map(([columns, rows, times]) => ({ columns, rows: Array.from({ length: times }, () => rows).flat() }));
  const file: fc.Arbitrary<Attachment> = fc.record({
    name: fc.oneof(word, fc.constantFrom('equity.png', 'message.txt', 'table.csv')),
    type: fc.constantFrom('image/png' as const, 'text/csv' as const),
    data: fc.integer({ min: 0, max: 6_000 }).map((size) => new Uint8Array(size)),
  });
  const buttons = fc
    .array(fc.record({ label: text, style: fc.constantFrom('primary' as const, 'danger' as const) }), {
      maxLength: 30,
    })
    .map((all) => all.map((button, index) => ({ ...button, id: `r-${index}` })));
  const message: fc.Arbitrary<Message> = fc
    .record(
      {
        title: text,
        text: fc.array(span, { maxLength: 5 }),
        fields: fc.array(fc.record({ name: text, value: text }), { maxLength: 30 }),
        table,
        attachments: fc.array(file, { maxLength: 14 }),
        buttons,
        tone: fc.constantFrom('info' as const, 'success' as const, 'warning' as const, 'danger' as const),
      },
      { requiredKeys: [] },
    )
    .map((made) => made);
  const sizeLimit = fc.constantFrom(5_000, 50_000, defaultFileSizeLimit);
  const runs = { numRuns: 300 };

  test('Discord takes it', () => {
    fc.assert(
      fc.property(message, sizeLimit, (made, limit) => {
        for (const part of renderMessage(made, limit)) expect(problemsOf(part, limit)).toEqual([]);
      }),
      runs,
    );
  });

  test('nothing of it is cut off: each text is in the message, or whole in its files', () => {
    fc.assert(
      fc.property(message, sizeLimit, (made, limit) => {
        const parts = renderMessage(made, limit);
        const [{ embeds }] = parts;
        const [embed = {}] = embeds;
        const files = parts.flatMap((part) => part.files);
        const inFiles = bare(
          printable(
            files
              .filter(({ name }) => /^message(-\d+)?\.txt$/.test(name))
              .map(fileText)
              .join(''),
          ),
        );
        const isThere = (wanted: string, ...shown: (string | undefined)[]) => {
          const words = bare(printable(wanted));
          return (
            inFiles.includes(words) || shown.some((each) => bare(shownWords(each ?? '')).includes(words))
          );
        };
        expect(isThere(made.title ?? '', embed.title), 'the title').toBe(true);
        expect(isThere(plainText(made.text ?? []), embed.description), 'the text').toBe(true);
        for (const { name, value } of made.fields ?? []) {
          const shown = (embed.fields ?? []).some(
            (field) => isThere(name, field.name) && bare(shownWords(field.value)) === bare(printable(value)),
          );
          expect(shown || isThere(`${name}: ${value}`), `the field ${name}`).toBe(true);
        }
        if (made.table) {
          const csv = files
            .filter(({ name }) => /^table(-\d+)?\.csv$/.test(name))
            .map(fileText)
            .join('');
          const shown = isThere(tableText(made.table), embed.description);
          expect(shown || csv.includes(tableCsv(made.table)), 'the table').toBe(true);
        }
        for (const { label } of made.buttons ?? []) {
          const labels = parts.flatMap(({ components }) => components.flatMap((row) => row.components));
          const whole = labels.some((each) => bare(each.label ?? '') === bare(printable(label)));
          expect(whole || isThere(label, embed.description), `the button ${label}`).toBe(true);
        }
        for (const { name, data } of made.attachments ?? []) {
          const sent = files.some((each) => each.data === data);
          expect(sent || isThere(`${name} (`, embed.description), `the file ${name}`).toBe(true);
        }
      }),
      runs,
    );
  });
});
