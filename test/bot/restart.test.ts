import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keepStarting, restartStatus, supervisedVariable } from '../../bot/restart.ts';
import { tempFolder } from '../support/temp-store.ts';

it('a desk that ends to start anew is started again, and its last status is passed on', async () => {
  const starts = join(await tempFolder(), 'starts');
  writeFileSync(starts, '');
  const script = `
    const { appendFileSync, readFileSync } = require('node:fs');
    appendFileSync(process.argv[1], process.env.${supervisedVariable} + ' ');
    process.exit(readFileSync(process.argv[1], 'utf8').trim().split(' ').length < 3 ? ${restartStatus} : 4);
  `;
  const command = [process.execPath, '-e', script, starts] as const;
  expect(await keepStarting({ command: [...command], environment: process.env })).toBe(4);
  expect(readFileSync(starts, 'utf8').trim()).toBe('yes yes yes');
});
