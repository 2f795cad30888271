/** The table of docs/weaknesses.md names tests that exist, for each of its rows. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const rows = readFileSync(new URL('docs/weaknesses.md', root), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, number, title, file, test] =
      /^\| (\d*) ?\| ?(.*?) ?\| `(test\/[^`]+)`: (.+) \|$/.exec(line) ?? [];
    return file === undefined || test === undefined ? [] : [{ number, title, file, test }];
  });

test('each weakness has at least one test that shows it gone', () => {
  const numbered = rows.filter(({ number }) => number !== '');
  expect(numbered.map(({ number }) => Number(number))).toEqual(Array.from({ length: 33 }, (_, i) => i + 1));
  expect(numbered.every(({ title }) => (title ?? '').length > 10)).toBe(true);
});

test.each(rows)('$file has the test "$test"', ({ file, test: title }) => {
  expect(readFileSync(new URL(file, root), 'utf8')).toContain(title);
});
