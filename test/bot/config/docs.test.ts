import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bookFile } from '../../../bot/config/book.ts';
import { deskSettings } from '../../../bot/config/desk.ts';
import { planSettings } from '../../../engine/plans/plan.ts';

const project = resolve(import.meta.dirname, '../../..');
const brokers = readdirSync(join(project, 'docs/brokers')).map((name) => `brokers/${name}`);
/** Each kind of broker has a page of its own, and the sources have one. */
const page = ['configuration.md', 'sources.md', ...brokers]
  .map((name) => readFileSync(join(project, 'docs', name), 'utf8'))
  .join('\n');

/** Every key of a schema, at every depth. */
function keysOf(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
  }
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return keysOf(schema.unwrap());
  }
  if (schema instanceof z.ZodArray) return keysOf(schema.element);
  if (schema instanceof z.ZodRecord) return keysOf(schema.valueType);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(keysOf);
  return [];
}

describe('docs/configuration.md, with the pages of sources and brokers', () => {
  test.each([
    ['desk.yaml', deskSettings, 40],
    ['books/*.yaml', bookFile, 10],
    ['plans/*.yaml', planSettings, 14],
  ])('explains every key of %s', (_, schema, least) => {
    const keys = [...new Set(keysOf(schema))];
    expect(keys.length, 'the schema was walked').toBeGreaterThanOrEqual(least);
    // As a row of a table, as part of one (`discord.token`), or as a heading.
    const isExplained = (key: string) =>
      new RegExp(`^\\| \`(?:\\w+\\.)*${key}(?:\\.\\w+)*\` \\||^### ${key}$`, 'm').test(page);
    expect(keys.filter((key) => !isExplained(key))).toEqual([]);
  });
});
