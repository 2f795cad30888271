/**
 * A desk in a process of its own, which a test kills: `trading-process.ts <data folder> <call>`. It takes in alerts one
 * after another, writes the id of each that it acknowledged, and ends itself with SIGKILL at the given call to its store:
 * nothing is closed, flushed or said.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../engine/clock.ts';
import { systemSleep } from '../../engine/execution/patience.ts';
import { openSqliteStore } from '../../engine/store/sqlite/store.ts';
import { killedAlerts, openTrading } from './trading.ts';
import { WatchedStore } from './watched-store.ts';

const [folder = '', killAt = ''] = process.argv.slice(2);
let calls = 0;
const store = new WatchedStore(await openSqliteStore({ folder }), async () => {
  calls++;
  if (calls === Number(killAt)) process.kill(process.pid, 'SIGKILL');
});
const desk = await openTrading({ store, clock: systemClock, sleep: systemSleep });
for (const alert of killedAlerts) {
  await desk.send(alert);
  writeSync(1, `${alert.id}\n`);
}
await desk.queue.idle();
await desk.stop();
