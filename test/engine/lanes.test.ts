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

test('who waits for a turn no longer leaves the lane at once, and the others keep their order', async () => {
  const lanes = new Lanes();
  const done: string[] = [];
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const first = lanes.run('a', () => held);
  const leaving = new AbortController();
  const left = lanes.run('a', async () => done.push('left'), leaving.signal);
  const next = lanes.run('a', async () => done.push('next'));
  leaving.abort(new Error('no longer wanted'));
  await expect(left).rejects.toThrow('no longer wanted');
  letGo();
  await Promise.all([first, next]);
  expect(done).toEqual(['next']);
});

test('work that has begun is heard of to its end, whoever wants it no longer', async () => {
  const lanes = new Lanes();
  const leaving = new AbortController();
  const begun = lanes.run(
    'a',
    async () => {
      leaving.abort();
      return 'done';
    },
    leaving.signal,
  );
  expect(await begun).toBe('done');
});

test('work that leaves its lane lets the next begin, and is heard of to its end', async () => {
  const lanes = new Lanes();
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const first = lanes.run('a', async (leave) => {
    leave();
    await held;
    return 'first';
  });
  expect(await lanes.run('a', async () => 'second')).toBe('second');
  letGo();
  expect(await first).toBe('first');
});
