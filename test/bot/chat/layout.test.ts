import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  overflowFile,
  splitText,
  tableCsv,
  tableText,
  tableWidth,
  toneMark,
} from '../../../bot/chat/layout.ts';
import type { Table } from '../../../commands/reply.ts';

const trades: Table = {
  columns: [{ name: 'Symbol' }, { name: 'P&L', align: 'right' }],
  rows: [
    ['SP500', '-1.50'],
    ['株', '1,234.00'],
  ],
};

describe('a table as text', () => {
  test('stands in columns, with figures to the right and wide characters counted as two', () => {
    expect(tableText(trades).split('\n')).toEqual([
      'Symbol       P&L',
      '──────  ────────',
      'SP500      -1.50',
      '株      1,234.00',
    ]);
    expect(tableWidth(trades)).toBe(16);
  });

  test('keeps one line per row when a cell has a line break in it', () => {
    const table = { columns: [{ name: 'Note' }], rows: [['two\nlines'], ['tab\there']] };
    expect(tableText(table).split('\n').slice(2)).toEqual(['two lines', 'tab here']);
  });

  test('shows a cell that has no column of its own', () => {
    expect(tableText({ columns: [{ name: 'A' }], rows: [['1', 'extra']] })).toContain('extra');
  });

  test('is as wide as it says, at most', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string({ maxLength: 12 }), { maxLength: 4 })), (rows) => {
        const table = { columns: [{ name: 'A' }, { name: 'B', align: 'right' as const }], rows };
        const width = tableWidth(table);
        for (const line of tableText(table).split('\n')) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('a table as CSV', () => {
  test('quotes commas, quotes and line breaks', () => {
    const csv = tableCsv({ columns: [{ name: 'a,b' }, { name: 'c' }], rows: [['say "hi"', 'x\ny']] });
    expect(csv).toBe('"a,b",c\r\n"say ""hi""","x\ny"\r\n');
  });

  test.each([
    '=1+1',
    '@SUM(A1)',
    '+cmd|x',
    "-2+3+cmd|' /C calc'!A0",
    '\t=1',
  ])('does not let a spreadsheet run %j', (cell) => {
    const csv = tableCsv({ columns: [{ name: 'n' }], rows: [[cell]] });
    expect(csv.split('\r\n')[1]?.replace(/^"/, '')).toMatch(/^'/);
  });

  test.each(['-1.5', '+3', '1e-7', '-12%', '-0.25'])('leaves the number %s a number', (cell) => {
    expect(tableCsv({ columns: [{ name: 'n' }], rows: [[cell]] })).toBe(`n\r\n${cell}\r\n`);
  });
});

describe('a long text', () => {
  test('is cut after a line, where there is one', () => {
    expect(splitText('first line\nsecond line', 15)).toEqual(['first line\n', 'second line']);
  });

  test('is cut after a word, where the line is too long', () => {
    expect(splitText('buy the rumour', 10)).toEqual(['buy the ', 'rumour']);
  });

  test('is cut anywhere but inside a character, where the word is too long', () => {
    expect(splitText('a📈📈📈', 4)).toEqual(['a📈', '📈📈']);
  });

  test('loses nothing and stays within the limit, whatever it says', () => {
    const anything = fc.string({ unit: 'grapheme', maxLength: 300 });
    fc.assert(
      fc.property(anything, fc.integer({ min: 2, max: 50 }), (text, limit) => {
        const pieces = splitText(text, limit);
        expect(pieces.join('')).toBe(text);
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(limit);
          expect(Buffer.from(piece).toString(), 'half a character').toBe(piece);
        }
      }),
    );
  });

  test('that is empty is one empty piece', () => {
    expect(splitText('', 10)).toEqual(['']);
  });

  test('cannot be put in pieces of nothing', () => {
    expect(() => splitText('abc', 1)).toThrow(RangeError);
  });
});

test('a file that takes an overflow holds the text, with the type of its ending', () => {
  expect(overflowFile('table.csv', 'a\r\n').type).toBe('text/csv');
  const file = overflowFile('reply.txt', 'é');
  expect(file.type).toBe('text/plain');
  expect(new TextDecoder().decode(file.data)).toBe('é');
});

test('every tone has a mark of its own, so that it is readable without colour', () => {
  expect(new Set(Object.values(toneMark)).size).toBe(4);
});
