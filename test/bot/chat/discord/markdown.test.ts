import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeBlock, escaped, markdown, printable } from '../../../../bot/chat/discord/markdown.ts';
import { block, bold, code, italic, plainText, type Span } from '../../../../commands/reply.ts';
import { bare, shownWords } from './reading.ts';

describe('plain text means nothing to Discord', () => {
  test.each([
    ['**not bold**', '\\*\\*not bold\\*\\*'],
    ['sma_cross_2', 'sma\\_cross\\_2'],
    ['<@123> <#5> <t:0>', '\\<@123> \\<#5> \\<t:0>'],
    ['@everyone, @here, ann@example.com', '\\@everyone, \\@here, ann@example.com'],
    [
      '# no heading\n- no list\n1. no number\n> no quote',
      '\\# no heading\n\\- no list\n1\\. no number\n\\> no quote',
    ],
    ['[no](https://link.example/a_b)', '\\[no\\]\\(https\\://link.example/a\\_b)'],
    ['12:30:00 :100:', '12\\:30:00 \\:100:'],
    ['||no spoiler|| ~~no strike~~', '\\|\\|no spoiler\\|\\| \\~\\~no strike\\~\\~'],
    ['-1.50', '\\-1.50'],
    ['a\\*b', 'a\\\\\\*b'],
  ])('%j', (text, expected) => {
    expect(escaped(text)).toBe(expected);
    expect(shownWords(escaped(text))).toBe(text);
  });

  test('but a web address stays whole, so that it can be clicked', () => {
    const text = 'see https://example.com/a_b_c?d=1, or *';
    expect(markdown([text])).toBe('see <https://example.com/a_b_c?d=1>, or \\*');
    expect(shownWords(markdown([text]))).toBe(text);
  });
});

describe('styles', () => {
  test('are bold, italic, code and blocks', () => {
    const text: Span[] = [
      'Bought ',
      bold('SP_500'),
      ' ',
      italic('today'),
      ' at ',
      code('4.5*'),
      block('a\nb'),
      'end',
    ];
    expect(markdown(text)).toBe('Bought **SP\\_500** *today* at `4.5*`\n```\na\nb\n```\nend');
  });

  test('side by side do not run into each other', () => {
    const text: Span[] = [bold('a'), bold('b'), italic('c'), code('d'), code('e')];
    expect(shownWords(markdown(text)).replaceAll('\u200B', '')).toBe('abcde');
  });

  test('leave white space outside, where Discord wants it', () => {
    expect(markdown([bold(' a ')])).toBe(' **a** ');
    expect(markdown([bold('  '), italic(''), code('')])).toBe('  ');
  });

  test('of code survive backticks inside', () => {
    expect(markdown([code('a`b')])).toBe('``a`b``');
    expect(markdown([code('`')])).toBe('`` ` ``');
    expect(codeBlock('a ``` b')).not.toMatch(/a ```/);
  });
});

test('what Discord cannot show becomes the replacement character', () => {
  expect(printable('a\u0000b\ud800c\r\nd\u0085')).toBe('a\uFFFDb\uFFFDc\nd\uFFFD');
});

test('every character of a rich text is seen, whatever signs it is made of', () => {
  const signs = fc.constantFrom(
    ...'*_~`|<>[]()#-+.:@\\ab1 \n"\'',
    '📈',
    '```',
    '@everyone',
    '<@1>',
    'https://x.io/a_b',
  );
  const text = fc.string({ unit: signs, maxLength: 30 });
  const span: fc.Arbitrary<Span> = fc.oneof(
    text,
    text.map(bold),
    text.map(italic),
    text.map(code),
    text.map(block),
  );
  fc.assert(
    fc.property(fc.array(span, { maxLength: 6 }), (spans) => {
      expect(bare(shownWords(markdown(spans)))).toBe(bare(plainText(spans)));
    }),
    { numRuns: 2000 },
  );
});
