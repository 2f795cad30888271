/** What a source gets from the desk, for one that asks nobody: there is no network, and no other source. */
import type { Clock } from '../../engine/clock.ts';
import { silentLog } from '../../engine/log.ts';
import type { SourceSurroundings } from '../../engine/market/sources/adapter.ts';

export function sourceSurroundings(clock: Clock): SourceSurroundings {
  const nothing = (what: string) => () => Promise.reject(new Error(`this test has no ${what}`));
  return {
    clock,
    log: silentLog,
    source: (name) => {
      throw new Error(`this test has no source ${name}`);
    },
    brokers: () => [],
    network: { fetch: nothing('network'), pause: nothing('time to wait') },
  };
}
