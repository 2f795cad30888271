/** A worker that begins the job "hang", says for which moment, and never ends it. */
import { openSchedule } from '../../../../engine/jobs/agenda-schedule.ts';
import { silentLog } from '../../../../engine/log.ts';
import { openStore } from '../../../../engine/store/index.ts';

const store = await openStore(JSON.parse(process.argv[2] ?? ''));
const schedule = await openSchedule({ store, log: silentLog, pollIntervalMs: 50, lockLifetimeMs: 1_000 });
schedule.define({
  name: 'hang',
  run: ({ dueAt }) => {
    process.stdout.write(`${dueAt.toISOString()}\n`);
    return new Promise(() => undefined);
  },
});
await schedule.start();
