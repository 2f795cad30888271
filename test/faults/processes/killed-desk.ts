/**
 * A desk that ends itself with SIGKILL at the given call to its store: `killed-desk.ts <store> <exchange> <call>`. It writes
 * the id of each alert that it has answered with 200.
 */
import { writeSync } from 'node:fs';
import type { RealExchange } from '../real-desk.ts';
import { alerts, openRealDesk } from '../real-desk.ts';

const [store = '', exchange = '', killAt = ''] = process.argv.slice(2);
let calls = 0;
const { desk } = await openRealDesk(store, JSON.parse(exchange) as RealExchange, async () => {
  calls += 1;
  if (calls === Number(killAt)) process.kill(process.pid, 'SIGKILL');
});
for (const { id, book, body } of alerts) {
  if ((await desk.post(`/hooks/${book}`, body)) === 200) writeSync(1, `${id}\n`);
}
await desk.queue.idle();
await desk.stop();
process.exit(0);
