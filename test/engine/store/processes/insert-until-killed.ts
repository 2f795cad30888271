/** Inserts as fast as it can, and writes each id to stdout once the store has said that it is there. */
import { writeSync } from 'node:fs';
import { openSqliteStore } from '../../../../engine/store/sqlite/store.ts';
import { defineCollection } from '../../../../engine/store/store.ts';

const store = await openSqliteStore({ folder: process.argv[2] ?? '' });
const collection = await store.collection(defineCollection('inserted', { unique: [['_id']] }));
for (let number = 0; ; number += 1) {
  await collection.insert({ _id: String(number) });
  writeSync(1, `${number}\n`);
}
