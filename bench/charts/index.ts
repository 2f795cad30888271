/**
 * How long does somebody wait for the picture of a backtest, and does the desk stand still meanwhile?
 *
 * Six panels: equity, drawdown, candles or closes with two overlays and 50 trades, volume, and two indicators.
 * One worker, as in the desk. "cold" is the first picture, with the start of the worker; the others are medians of
 * a warm one. "desk blocked" is the longest time for which the main thread could not do anything else.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { silentLog } from '../../engine/log.ts';
import { type ChartRenderer, chartRenderer } from '../../engine/reports/charts/renderer.ts';
import { sampleBars, sampleRun } from '../../test/engine/reports/sample-run.ts';

export async function run(print: (line: string) => void): Promise<void> {
  const renderer = chartRenderer({ log: silentLog });
  try {
    const cold = await measure(renderer, 2_000, 1);
    print(`first chart, cold worker, 2,000 bars: ${ms(cold.medianMs)}`);
    await measure(renderer, 2_000, 10);
    const base = await measure(renderer, 2_000, 15);
    print(`2,000 bars: ${ms(base.medianMs)} (target: below 400 ms), desk blocked ${ms(base.blockedMs)}`);
    for (const [count, times] of [
      [10_000, 15],
      [1_000_000, 5],
    ] as const) {
      const { medianMs, blockedMs } = await measure(renderer, count, times);
      const ratio = (medianMs / base.medianMs).toFixed(1);
      print(
        `${count.toLocaleString('en')} bars: ${ms(medianMs)}, ${ratio} times 2,000 bars, desk blocked ${ms(blockedMs)}`,
      );
    }
  } finally {
    await renderer.close();
  }
}

async function measure(
  renderer: ChartRenderer,
  count: number,
  times: number,
): Promise<{ medianMs: number; blockedMs: number }> {
  const bars = sampleBars({ count, stepMs: 3_600_000 });
  const indicators = ['SMA 10', 'SMA 20', 'RSI 14', 'ATR 14'].map((name, index) => ({
    name,
    symbol: null,
    lines: [bars.close.map((close) => close + index)],
    overlay: index < 2,
    scatter: false,
    color: null,
  }));
  const result = sampleRun([bars], { tradeEvery: Math.ceil(count / 50), overrides: { indicators } });
  const took: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  // What was done before this moment, such as making the data, must not count.
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.enable();
  for (let time = 0; time < times; time++) {
    const start = performance.now();
    await renderer.backtestChart(result, [bars]);
    took.push(performance.now() - start);
  }
  delay.disable();
  took.sort((one, other) => one - other);
  return { medianMs: took[Math.floor(took.length / 2)] ?? Number.NaN, blockedMs: delay.max / 1e6 };
}

function ms(duration: number): string {
  return `${duration.toFixed(0)} ms`;
}
