/** The desk's entry: arguments, configuration, start, and an orderly stop on a signal. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../engine/clock.ts';
import { reasonOf, UserError } from '../engine/errors.ts';
import { handlerNames, handlerOf } from '../engine/signals/handlers/index.ts';
import { StoreError } from '../engine/store/store.ts';
import { type AppParts, resetSetting, runOnce, type Stopping, startApp } from './app.ts';
import { printMessage } from './chat/console/console.ts';
import { type Config, loadConfig } from './config/load.ts';
import { createLog, type DeskLog } from './log.ts';
import { keepStarting, restartStatus, sameStart, supervisedVariable } from './restart.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What is in hand may take so long to finish; then the process ends all the same. Everything acknowledged is in the store. */
const stopPatienceMs = 60_000;
const usage = `Usage: npm start -- [--env NAME] [--run "/COMMAND" | --reset "DOCUMENT KEY"]

  --env NAME        the environment: a folder of config/ (or set OUTCRY_ENV)
  --run "/COMMAND"  run one command, print its answer, and end: with 1 when it is an error;
                    of one that asks first only the question, and nothing is done
  --reset "…"       forget what was changed in chat about one setting, as "books/demo limits.order", and end
  --version         print the version`;

await main();

async function main(): Promise<void> {
  const startedAt = performance.now();
  const version = readVersion();
  let options: { env?: string | undefined; run?: string | undefined; reset?: string | undefined };
  try {
    const { values } = parseArgs({
      options: {
        env: { type: 'string' },
        run: { type: 'string' },
        reset: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
    if (values.help) return console.log(usage);
    if (values.version) return console.log(version);
    options = values;
  } catch (error) {
    return fail(`${reasonOf(error)}\n\n${usage}`);
  }
  let log: DeskLog | undefined;
  try {
    const config = loadConfig({
      root,
      env: options.env,
      environment: process.env,
      knownHandlers: handlerNames,
      checkHandler: handlerOf,
    });
    if (options.reset !== undefined) {
      await resetSetting({ config }, options.reset);
      return console.log(`${options.reset} is what its file says again.`);
    }
    log = openLog(config);
    if (options.run === undefined) await runDesk(config, version, log, startedAt);
    else await runCommand(config, version, log, options.run);
  } catch (error) {
    if (!(error instanceof UserError || error instanceof StoreError)) {
      log?.error({ err: error }, 'the desk could not start');
      console.error(error);
    }
    fail(reasonOf(error));
  }
}

async function runDesk(config: Config, version: string, log: DeskLog, startedAt: number): Promise<void> {
  let stopping = false;
  let app: Awaited<ReturnType<typeof startApp>> | undefined;
  const stop = async (why: Stopping): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info(why, 'the desk is stopping');
    const patience = setTimeout(() => {
      log.error({}, 'the desk did not stop in order: what was in hand goes on at the next start');
      process.exit(why.restarts ? restartStatus : 1);
    }, stopPatienceMs).unref();
    await app?.stop(why);
    clearTimeout(patience);
    log.info({}, 'the desk has stopped');
    log.close();
    if (!why.restarts) process.exit();
    if (process.env[supervisedVariable]) process.exit(restartStatus);
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    process.exit(await keepStarting(sameStart()));
  };
  const onSignal = (signal: NodeJS.Signals) => {
    // Asked twice: the second time it is meant. What was acknowledged is in the store.
    if (stopping) process.exit(1);
    void stop({ by: signal, restarts: false });
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // Nothing may go on from a state that nobody thought of; what was acknowledged is in the store.
  process.on('uncaughtException', (error) => {
    log.error({ err: error }, 'a fault of the desk ends it');
    console.error(error);
    process.exit(1);
  });
  process.on('unhandledRejection', (error) => {
    throw error;
  });

  const early: Stopping[] = [];
  const wanted = (why: Stopping) => (app ? void stop(why) : early.push(why));
  console.log(greeting(config, version));
  app = await startApp({
    ...partsOf(config, version, log),
    onStopWanted: (by) => wanted({ by, restarts: false }),
    onRestartWanted: (by) => wanted({ by, restarts: true }),
  });
  const readyMs = Math.round(performance.now() - startedAt);
  log.info({ readyMs, webhook: app.webhookUrl }, 'the desk is ready');
  const [why] = early;
  if (why !== undefined) await stop(why);
}

async function runCommand(config: Config, version: string, log: DeskLog, command: string): Promise<void> {
  const parts = partsOf(config, version, log);
  const { failed } = await runOnce(parts, command, (message) =>
    printMessage(message, {
      ...parts.terminal,
      attachmentsFolder: join(config.dataFolder, 'attachments'),
      clock: systemClock,
      log,
    }),
  );
  log.close();
  process.exitCode = failed ? 1 : 0;
}

function partsOf(config: Config, version: string, log: DeskLog): AppParts {
  const color = process.stdout.isTTY === true && !process.env['NO_COLOR'];
  return {
    config,
    version,
    clock: systemClock,
    log,
    terminal: { input: process.stdin, output: process.stdout, color },
    onStopWanted: () => undefined,
    onRestartWanted: () => undefined,
  };
}

function greeting({ name, isExample, folder }: Config, version: string): string {
  const where = isExample
    ? `Outcry ${version}: there is no folder config/ yet, so this is the demo. Money and prices are invented.`
    : `Outcry ${version}, environment ${name} (${folder})`;
  return `${where}\nType /help, or /backtest sma_cross SP500. Ctrl+C stops the desk.\n`;
}

/** Warnings go to the terminal only where no prompt owns it. */
function openLog({ dataFolder, secrets, platforms }: Config): DeskLog {
  const hasPrompt = platforms.console?.enabled === true;
  return createLog({
    folder: join(dataFolder, 'logs'),
    level: 'info',
    secrets,
    clock: systemClock,
    ...(!hasPrompt && { terminal: (text) => process.stderr.write(text) }),
  });
}

function readVersion(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return manifest.version;
}

function fail(line: string): void {
  console.error(line);
  process.exitCode = 1;
}
