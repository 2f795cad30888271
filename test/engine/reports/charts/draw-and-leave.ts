/** A small desk: draws one chart, says what it loaded, and leaves without closing anything. */
import { createRequire } from 'node:module';
import { silentLog } from '../../../../engine/log.ts';
import { chartRenderer } from '../../../../engine/reports/charts/renderer.ts';
import { sampleBars, sampleRun } from '../sample-run.ts';

const bars = sampleBars();
const { data } = await chartRenderer({ log: silentLog }).backtestChart(sampleRun([bars]), [bars]);
const loaded = Object.keys(createRequire(import.meta.url).cache);
const canvas = loaded.filter((file) => /node_modules.(canvas|chart|@napi-rs)/.test(file));
console.log(JSON.stringify({ signature: [...data.subarray(0, 8)], canvasInMainThread: canvas }));
