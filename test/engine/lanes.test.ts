import { expect, test } from 'vitest';
import { Lanes } from '../../engine/lanes.ts';

test('work in one lane is done in the order in which it came, lanes do not wait for each other', async () => {
  const lanes = new Lanes();
  const done: string[] = [];
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const first = lanes.run('a', async () => {
    await held;
    done.push('a1');
  });
  const second = lanes.run('a', async () => done.push('a2'));
  await lanes.run('b', async () => done.push('b1'));
  expect(done).toEqual(['b1']);
  letGo();
  await Promise.all([first, second]);
  expect(done).toEqual(['b1', 'a1', 'a2']);
});

test('work that fails is heard of by its caller, and does not stop what comes after it', async () => {
  const lanes = new Lanes();
  const failing = lanes.run('a', () => Promise.reject(new Error('no')));
  const next = lanes.run('a', async () => 'done');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('done');
  await lanes.idle();
});
