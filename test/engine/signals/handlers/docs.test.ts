import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { bookSettings } from '../../../../engine/bank/book.ts';
import { handlerNames, handlerOf } from '../../../../engine/signals/handlers/index.ts';

const page = await readFile(new URL('../../../../docs/handlers.md', import.meta.url), 'utf8');

function blocks(text: string, language: string): readonly string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, body]) => body ?? '',
  );
}

function book(handler: unknown) {
  return bookSettings.parse({ name: 'docs', currency: 'USDT', capital: 100, broker: 'paper', handler });
}

describe('the page about handlers', () => {
  test.each(handlerNames)('shows alerts of "%s" that this handler reads', (name) => {
    const section = page.split('\n## ').find((text) => text.startsWith(`${name}\n`)) ?? '';
    const examples = blocks(section, 'json').flatMap((block) => block.trim().split('\n'));
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      // As TradingView fills them in.
      const alert = example
        .replace('{{strategy.order.action}}', 'sell')
        .replace('{{strategy.order.contracts}}', '0.5')
        .replaceAll(/\{\{[a-z.]+\}\}/g, 'BTCUSDT');
      expect(handlerOf(book({ name }))?.read(JSON.parse(alert)).symbols.length).toBeGreaterThan(0);
    }
  });

  test('shows settings that these handlers take', () => {
    const examples = blocks(page, 'yaml').map((block) => parse(block) as { readonly handler: unknown });
    expect(examples.length).toBe(2);
    for (const { handler } of examples) expect(handlerOf(book(handler))).toBeDefined();
  });
});
