import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../engine/log.ts';
import type { Source } from '../../../engine/market/sources/source.ts';
import { Backtests } from '../../../engine/reports/backtests.ts';
import type { ChartRenderer } from '../../../engine/reports/charts/renderer.ts';
import { Research } from '../../../engine/reports/research.ts';
import { Runs } from '../../../engine/reports/runs.ts';
import { Strategies } from '../../../engine/reports/strategies.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempFolder, tempStore } from '../../support/temp-store.ts';
import { barsOf } from '../backtest/bars.ts';

const strategy = `
import { Strategy } from 'outcry';
export default class Sample extends Strategy {
  static params = { every: 10 };
  init() { if (this.params.every === 13) throw new Error('no such luck'); }
  next() {
    if (this.data.bar % this.params.every === 0) this.buy({ size: 1 });
    if (this.data.bar % this.params.every === 5) this.position.close();
  }
}
`;

const picture = async () => ({ name: 'x.png', type: 'image/png', data: new Uint8Array([1]) });
const charts = {
  backtestChart: picture,
  heatMapChart: picture,
  walkForwardChart: picture,
} as unknown as ChartRenderer;

const bars = barsOf(
  'AA',
  Array.from({ length: 300 }, (_, day) => 50 + 10 * Math.sin(day / 9)),
);
const here = {
  name: 'here',
  bars: async () => [bars],
  symbols: async () => [{ symbol: 'AA', name: 'AA' }],
} as unknown as Source;

/** Bars of a vendor that does not answer: the promise of a question ends only when it is cancelled. */
function silentSource() {
  let heard = () => {};
  const asked = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const bars: Source['bars'] = ({ signal }) =>
    new Promise((_, reject) => {
      heard();
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  return { asked, source: { ...here, bars } };
}

async function openResearch(source: Source = here) {
  const folder = await tempFolder();
  await writeFile(join(folder, 'sample.js'), strategy);
  const store = await tempStore();
  const clock = new ManualClock('2024-03-04T21:30:00.000Z');
  const runs = await Runs.open(store, clock);
  const limits = { timeMs: 20_000, memoryMb: 512 };
  const strategies = await Strategies.open({ store, clock, folder, cacheFolder: await tempFolder(), limits });
  const sources = new Map([['here', source]]);
  const backtests = new Backtests({ strategies, sources, runs, charts, limits, log: silentLog });
  return { runs, research: new Research({ backtests, strategies, charts, limits }) };
}

const request = {
  ...{ strategy: 'sample', symbols: ['AA'], cash: 1000, commission: [1, 0.001] as const, by: 'ann' },
  options: { margin: 0.5, holding: { AA: 2 } },
  maximize: 'returnPct',
};

describe('the archive of runs', () => {
  it('has an optimisation with what was asked, the figures of its best run, and its files', async () => {
    const { runs, research } = await openResearch();
    const report = await research.optimize({ ...request, choices: { every: ['7', '10'] } });
    expect(await runs.get(report.run)).toMatchObject({
      ...{ kind: 'optimization', state: 'done', by: 'ann', plan: null },
      input: {
        ...{ strategy: 'sample', symbols: ['AA'], source: 'here', cash: 1000, commission: [1, 0.001] },
        options: { margin: 0.5, holding: { AA: 2 } },
        search: { choices: { every: ['7', '10'] }, maximize: 'returnPct', constraint: null, method: null },
      },
      statistics: { returnPct: report.best.value },
    });
    const [record] = await runs.latest(1);
    expect(record?.files.map(({ type }) => type)).toEqual(['image/png', 'image/png', 'text/csv']);
  });

  it('has a walk-forward, with its windows', async () => {
    const { runs, research } = await openResearch();
    const report = await research.walkForward({
      ...request,
      ...{ choices: { every: ['7', '10'] }, train: 100, test: { months: 2 }, anchored: true },
    });
    expect(await runs.get(report.run)).toMatchObject({
      ...{ kind: 'walk-forward', state: 'done' },
      input: { search: { windows: { train: 100, test: { months: 2 }, anchored: true } } },
    });
  });

  it('has one that failed, and why', async () => {
    const { runs, research } = await openResearch();
    const failing = research.optimize({ ...request, choices: { every: ['10', '13'] } });
    await expect(failing).rejects.toThrow('no such luck (with every 13).');
    const [record] = await runs.latest(1);
    expect(record).toMatchObject({ kind: 'optimization', state: 'failed' });
    expect(record?.reason).toContain('no such luck');
  });
});

describe('who cancels while bars are fetched', () => {
  const searches = {
    ...{ ...request, choices: { every: ['7', '10'] }, train: 100, test: 50, anchored: false },
    params: {},
  };

  it.each([
    ['a search', 'optimize', 'The optimisation was cancelled.'],
    ['a walk-forward', 'walkForward', 'The walk-forward was cancelled.'],
    ['a check', 'check', 'The check was cancelled.'],
  ] as const)('ends %s there, and the vendor is not asked any more', async (_, work, line) => {
    const { asked, source } = silentSource();
    const { runs, research } = await openResearch(source);
    const cancel = new AbortController();
    const ended = expect(research[work](searches, { signal: cancel.signal })).rejects.toThrow(line);
    await asked;
    cancel.abort();
    await ended;
    const [record] = await runs.latest(1);
    if (work !== 'check') expect(record).toMatchObject({ state: 'failed', reason: line });
  });
});
