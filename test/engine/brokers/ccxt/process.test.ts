/** What the ccxt broker costs a process that uses it, and one that does not. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { startBinance } from '../../../support/exchange/binance/index.ts';
import { tempFolder } from '../../../support/temp-store.ts';

const run = promisify(execFile);

test('after it has disconnected nothing keeps the process alive: no socket, no timer, no renewal of a key', async () => {
  const binance = await startBinance();
  onTestFinished(() => binance.close());
  binance.deposit('spot', 'USDT', '10000');
  binance.book('BTC/USDT').price('50000');
  const settings = {
    type: 'ccxt',
    exchange: 'binance',
    ...binance.keys,
    gateway: binance.url,
    wallets: ['spot', 'cross'],
  };
  const script = join(import.meta.dirname, 'processes/trade-once.ts');

  // A process that would not end is killed after a minute, which fails.
  const { stdout } = await run(
    process.execPath,
    ['--import', 'tsx', script, JSON.stringify(settings), await tempFolder()],
    { timeout: 60_000 },
  );

  expect(stdout).toBe('accepted\n');
  expect(binance.orders()).toHaveLength(1);
  await expect.poll(() => binance.streams.connections, { timeout: 45_000 }).toBe(0);
}, 90_000);

test('nothing of ccxt is loaded where no broker is configured with it', async () => {
  const program = `
    await import(${JSON.stringify(join(import.meta.dirname, '../../../../engine/brokers/index.ts'))});
    process.stdout.write('loaded');
  `;
  const hooks = `
    export async function load(url, context, next) {
      if (url.includes('/node_modules/ccxt/')) throw new Error('ccxt was loaded: ' + url);
      return next(url, context);
    }`;
  const register = `import { register } from 'node:module'; register('${asModule(hooks)}');`;
  const { stdout } = await run(process.execPath, [
    '--import',
    'tsx',
    '--import',
    asModule(register),
    '--input-type=module',
    '--eval',
    program,
  ]);
  expect(stdout).toBe('loaded');
}, 90_000);

function asModule(code: string): string {
  return `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
}
