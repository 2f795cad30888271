import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../../../engine/errors.ts';
import type { Logger } from '../../../../engine/log.ts';
import {
  type ChartRenderer,
  type ChartRendererOptions,
  chartRenderer,
} from '../../../../engine/reports/charts/renderer.ts';
import { sampleBars, sampleRun } from '../sample-run.ts';
import { pngSignature } from './picture.ts';

const opened: ChartRenderer[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((renderer) => renderer.close()));
});

/** A renderer whose worker draws nothing but has moods, and the messages that it logged. */
function moodyRenderer(options: Partial<ChartRendererOptions> = {}) {
  const logged: string[] = [];
  const note = (_fields: object, message: string) => void logged.push(message);
  const log: Logger = { debug: note, info: note, warn: note, error: note };
  const renderer = chartRenderer({ log, worker: new URL('./moody-worker.ts', import.meta.url), ...options });
  opened.push(renderer);
  const bars = sampleBars();
  const draw = async (strategy = 'Calm') => {
    const run = sampleRun([bars], { overrides: { strategy } });
    const { data } = await renderer.backtestChart(run, [bars]);
    return data[0];
  };
  return { renderer, draw, logged };
}

describe('the worker', () => {
  it('is started by the first request and serves the following ones', async () => {
    const { draw, logged } = moodyRenderer();
    expect(logged).toEqual([]);
    const first = await draw();
    expect(await draw()).toBe(first);
    expect(logged).toEqual(['the chart worker starts']);
  });

  it('draws requests in the order in which they came', async () => {
    const { draw } = moodyRenderer();
    const done: number[] = [];
    await Promise.all([1, 2, 3, 4].map((number) => draw().then(() => done.push(number))));
    expect(done).toEqual([1, 2, 3, 4]);
  });

  it('ends when it was idle for a while, and a later request gets a new one', async () => {
    const { draw, logged } = moodyRenderer({ idleMs: 1 });
    const first = await draw();
    await vi.waitFor(() => expect(logged).toContain('the chart worker was idle, and ends'));
    expect(await draw()).not.toBe(first);
  });
});

describe('when the worker fails', () => {
  it.each([
    ['Throws', /crashed: out of paint/],
    ['Exits', /ended with code 7/],
    ['Hangs', /not drawn within 400 ms/],
  ])('%s: this request fails, is logged, and the next one is drawn by a new worker', async (mood, reason) => {
    // A limit this short may be over before a second worker has started: what comes after a hang is tested below.
    const { draw, logged } = moodyRenderer(mood === 'Hangs' ? { timeLimitMs: 400 } : {});
    await expect(draw(mood)).rejects.toThrow(reason);
    expect(logged).toContain('the chart worker is lost');
    if (mood !== 'Hangs') expect(await draw()).toBeTypeOf('number');
  });

  it('what waited behind a hanging request is drawn', async () => {
    const { draw } = moodyRenderer({ timeLimitMs: 3000 });
    const before = await draw();
    const hanging = expect(draw('Hangs')).rejects.toThrow(/not drawn within/);
    const after = draw();
    await hanging;
    expect(await after).not.toBe(before);
  });

  it('a picture that cannot be drawn is an error, and the worker stays', async () => {
    const { draw, logged } = moodyRenderer();
    const before = await draw();
    await expect(draw('Refuses')).rejects.toThrow('the chart could not be drawn: Error: no such colour');
    expect(logged).toContain('a chart could not be drawn');
    expect(await draw()).toBe(before);
  });

  it('a worker that cannot be started is an error, not a crash of the desk', async () => {
    const { draw } = moodyRenderer({ worker: new URL('./no-such-worker.ts', import.meta.url) });
    await expect(draw()).rejects.toThrow(/crashed/);
  });
});

describe('closing', () => {
  it('fails the request at hand and those waiting, at once', async () => {
    const { renderer, draw } = moodyRenderer();
    const requests = ['Hangs', 'Calm'].map((mood) => draw(mood));
    const outcomes = Promise.allSettled(requests);
    await renderer.close();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(UserError) });
    }
  });

  it('may be repeated, and no chart is drawn afterwards', async () => {
    const { renderer, draw } = moodyRenderer();
    await renderer.close();
    await renderer.close();
    await expect(draw()).rejects.toThrow('the desk is stopping');
  });
});

describe('what cannot be drawn', () => {
  it('a run without bars is told to the user, and starts no worker', async () => {
    const { renderer, logged } = moodyRenderer();
    const empty = sampleRun([sampleBars({ count: 0 })]);
    await expect(renderer.backtestChart(empty, [])).rejects.toThrow(UserError);
    await expect(renderer.priceChart([])).rejects.toThrow('There is no chart');
    expect(logged).toEqual([]);
  });
});

describe('the desk around it', () => {
  it('started with tsx it draws, never loads a canvas in its own thread, and is free to exit', async () => {
    const script = fileURLToPath(new URL('./draw-and-leave.ts', import.meta.url));
    const tsx = createRequire(import.meta.url).resolve('tsx');
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', tsx, script]);
    expect(JSON.parse(stdout)).toEqual({ signature: pngSignature, canvasInMainThread: [] });
  });
});
