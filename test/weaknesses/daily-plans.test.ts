/** Strategies that run by themselves every day: what they print, how long they take and what they order costs nobody else. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { Strategy } from '../../engine/backtest/index.ts';
import { ManualClock } from '../support/clock.ts';
import { startDesk, writeDemo } from '../support/desk.ts';
import { openPlans } from '../support/plans.ts';
import { tempFolder } from '../support/temp-store.ts';

const book = { currency: 'USD', capital: '1000', broker: 'paper' };

/** A desk whose plan `odd` has this strategy, and a book of its own. */
async function deskWith(strategy: string, { plan = {}, desk = {} } = {}) {
  const root = await tempFolder();
  await writeDemo(root, { desk, books: { odd: book } });
  const config = join(root, 'config', 'demo');
  await mkdir(join(config, 'plans'), { recursive: true });
  await writeFile(join(config, 'strategies', 'odd.ts'), strategy);
  const settings = {
    ...{ name: 'odd', strategy: 'odd', symbols: ['AMBR'], source: 'demo', book: 'odd' },
    backtestStart: '2024-01-02',
    ...plan,
  };
  await writeFile(join(config, 'plans', 'odd.yaml'), stringify(settings));
  return startDesk({ root });
}

const strategy = (next: string) => `import { Strategy } from 'outcry';
export default class Odd extends Strategy {
  init() {}
  next() { ${next} }
}
`;

describe('a strategy at work', () => {
  test('that warns has not failed', async () => {
    const desk = await deskWith(
      strategy(`
        if (this.data.bar !== 1) return;
        console.warn('old parameter');
        process.stderr.write('something is deprecated\\n');
        process.emitWarning('so is this');
        this.buy({ size: 1 });`),
    );
    desk.confirms('/plan run odd');
    await desk.shows(/✅ Plan odd, book odd/);
    desk.type('/plan history odd');
    await desk.shows(/odd-\w+ +\S+ \S+ +hand +done/);
  }, 60_000);

  test('that never ends is ended and says where it was, and no alert waits for it', async () => {
    const marker = join(await tempFolder(), 'began');
    const endless = `import { writeFileSync } from 'node:fs';
${strategy(`writeFileSync(${JSON.stringify(marker)}, ''); for (;;) {}`)}`;
    const desk = await deskWith(endless, { desk: { limits: { backtestSeconds: 10 } } });
    desk.confirms('/plan run odd');
    await expect.poll(() => existsSync(marker), { timeout: 45_000 }).toBe(true);
    const alert = { key: 'demo-key-1234', action: 'buy', symbol: 'SP500', quantity: 1 };
    expect((await desk.alert('demo', alert)).status).toBe(200);
    await desk.shows('Bought 1 SP500');
    await desk.shows(/⛔ odd\.ts line \d+ did not finish within 10 s; it was in next\(\), on bar \d+ of/);
    const shown = desk.printed();
    expect(shown.indexOf('Bought 1 SP500')).toBeLessThan(shown.indexOf('did not finish within'));
    desk.type('/plan history odd');
    await desk.shows(/odd-\w+ +\S+ \S+ +hand +failed/);
  }, 60_000);

  test('that has ruined itself in its history is reported like any other', async () => {
    const desk = await deskWith(strategy('if (this.position.size === 0) this.buy();'), {
      plan: { simulation: { margin: 0.01 } },
    });
    desk.type('/plan dryrun odd');
    await desk.shows(/✅ Dry run of plan odd[\s\S]*Equity Final +0\.00/);
  }, 60_000);
});

/** Wants the same thing twice on each bar. */
class Twice extends Strategy {
  init() {}
  next() {
    this.buy({ size: 3 });
    this.buy({ size: 3 });
  }
}

/** Places one order far below the price, and waits. */
class Patient extends Strategy {
  init() {}
  next() {
    if (this.orders.length === 0 && this.position.size === 0)
      this.buy({ size: 5, limit: this.data.close.last * 0.2 });
  }
}

const strategies = { twice: Twice, patient: Patient };

describe('the orders of a plan', () => {
  test('that are the same, on the same bar, are two orders, and stay two', async () => {
    const desk = await openPlans({ strategies, plan: { strategy: 'twice' } });
    const { orders } = await desk.plans.run('busy', { by: 'ann' });
    expect(orders.map(({ side, quantity, state }) => [side, quantity, state])).toEqual([
      ['buy', '3', 'filled'],
      ['buy', '3', 'filled'],
    ]);
    expect(await desk.plans.run('busy', { by: 'ann' })).toMatchObject({ orders: [], known: 2 });
    const keys = (await desk.wanted('busy')).map(({ _id }) => _id);
    expect(new Set(keys).size).toBe(2);
  });

  test('at a limit that is not met are one order at the broker, however many days they wait', async () => {
    const desk = await openPlans({
      strategies,
      plan: { strategy: 'patient', calendar: 'XNYS', schedule: { times: '16:30' } },
      clock: new ManualClock('2024-03-04T21:30:00.000Z'),
    });
    for (let day = 0; day < 4; day++) {
      await desk.plans.run('busy', { by: 'ann' });
      desk.nextDay();
    }
    expect(await desk.wanted('busy')).toHaveLength(1);
    const sent = await desk.executor.orders({ limit: 10 });
    expect(sent.map(({ terms, state }) => [terms.type, state])).toEqual([['limit', 'working']]);
  });
});
