/**
 * Inserts until the store refuses, then says how, how many were stored, and how many can still be read.
 * With a second parameter it becomes that user first, all modules being loaded by then.
 */
import { openSqliteStore } from '../../../../engine/store/sqlite/store.ts';
import { defineCollection } from '../../../../engine/store/store.ts';

const [folder = '', user] = process.argv.slice(2);
if (user !== undefined) process.setuid?.(Number(user));

const store = await openSqliteStore({ folder });
const collection = await store.collection(defineCollection<{ _id: string; padding: string }>('filling'));
let stored = 0;
try {
  for (; stored < 10_000; stored += 1)
    await collection.insert({ _id: `${stored}`, padding: 'x'.repeat(10_000) });
} catch (error) {
  const { name, message } = error as Error;
  process.stdout.write(`${JSON.stringify({ name, message, stored, readable: await collection.count() })}\n`);
}
