/**
 * A desk on Discord and Telegram as a process of its own, with its platforms on this machine. It says when it is up, and
 * answers each message with what is left on its heap after a collection.
 */
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { startApp } from '../../../bot/app.ts';
import type { Pace } from '../../../bot/chat/telegram/pace.ts';
import { loadConfig } from '../../../bot/config/load.ts';
import { createLog } from '../../../bot/log.ts';
import { systemClock } from '../../../engine/clock.ts';
import { handlerNames } from '../../../engine/signals/handlers/index.ts';

export interface DeskOrder {
  readonly root: string;
  readonly discordApi: string;
  readonly telegramApi: string;
  readonly telegramPace?: Partial<Pace>;
}

export interface Memory {
  readonly heapMb: number;
  readonly residentMb: number;
}

process.once('message', async ({ root, ...endpoints }: DeskOrder) => {
  const config = loadConfig({ root, environment: {}, knownHandlers: handlerNames });
  const log = createLog({
    folder: join(config.dataFolder, 'logs'),
    level: 'info',
    secrets: config.secrets,
    clock: systemClock,
  });
  const app = await startApp({
    config,
    version: 'bench',
    clock: systemClock,
    log,
    terminal: { input: new PassThrough(), output: new PassThrough().resume(), color: false },
    onStopWanted: () => undefined,
    onRestartWanted: () => undefined,
    endpoints,
  });
  process.on('message', () => process.send?.(memory()));
  process.once('disconnect', () => void app.stop().finally(() => process.exit()));
  process.send?.({});
});

function memory(): Memory {
  // Twice: what the first one finalises, the second one frees.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heapMb: heapUsed / 2 ** 20, residentMb: rss / 2 ** 20 };
}
