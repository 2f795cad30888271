/**
 * The worst that may happen to an operation: the process dies, or a call fails, at every call to the store and to the
 * broker in turn, and the broker loses, rejects and fills in part meanwhile. Afterwards nothing was done twice, an entry is
 * done or nothing of it is left, an exit is done, and the books equal the account.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Step } from '../../../engine/execution/operation.ts';
import type { Sleep } from '../../../engine/execution/patience.ts';
import type { Store } from '../../../engine/store/store.ts';
import { StoreError } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { type Fate, liveUntil, spared } from '../../support/fate.ts';
import type { Turnout } from '../../support/margin-broker.ts';
import { MarginBroker } from '../../support/margin-broker.ts';
import { memoryStore } from '../../support/memory-store.ts';
import type { OperationsDesk } from '../../support/operations.ts';
import {
  entrySteps,
  exitSteps,
  expectAccountEqualsBooks,
  expectNothingLeft,
  openOperations,
  request,
} from '../../support/operations.ts';
import { noSleep } from '../../support/trading.ts';
import { WatchedStore } from '../../support/watched-store.ts';

/** What the broker does to the calls of a story, and how the story goes. */
interface Story {
  readonly entry: readonly Step[];
  readonly submit: readonly Turnout[];
  readonly borrow: readonly Turnout[];
  readonly transfer: readonly Turnout[];
  readonly repay: readonly Turnout[];
  readonly feeIn: MarginBroker['feeIn'];
}

interface World {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly broker: MarginBroker;
}

/** Every so many calls one is tried: each of them with `EVERY_FAULT=1`, which takes minutes. */
const stride = process.env['EVERY_FAULT'] === '1' ? 1 : 17;

function worldOf(story: Story): World {
  const clock = new ManualClock();
  const broker = new MarginBroker(clock);
  broker.feeIn = story.feeIn;
  broker.interestRate = '0.0001';
  for (const action of ['submit', 'borrow', 'transfer', 'repay'] as const) {
    broker.script.set(action, [...story[action]]);
  }
  return { store: memoryStore(), clock, broker };
}

function open({ store, clock, broker }: World, fate: Fate, sleep: Sleep = noSleep): Promise<OperationsDesk> {
  broker.fate = fate;
  return openOperations({
    store: new WatchedStore(store, (moment, call) => fate(`${moment} ${call}`)),
    clock,
    broker,
    sleep,
  });
}

async function trade({ operations }: OperationsDesk, { entry }: Story): Promise<void> {
  for (const asked of [request('entry', entry), request('exit', exitSteps(), 'exit')]) {
    await operations.run(asked);
    await operations.end(asked.source);
  }
}

async function live(story: Story, world: World, fate: Fate, sleep: Sleep): Promise<void> {
  const desk = await open(world, fate, sleep);
  await trade(desk, story);
  await desk.stop();
}

/** Starts the desk on what is stored, lets it come to its end, and looks at what there is. */
async function expectAllWell(story: Story, world: World, when: string): Promise<void> {
  const desk = await open(world, spared);
  await desk.operations.run(request('entry', story.entry));
  const entry = await desk.operations.end('entry');
  const hasExit = (await desk.operations.operation('exit')) !== undefined;
  if (!hasExit) await expectAccountEqualsBooks(desk, `${when}, after the entry`);
  if (!hasExit && entry.state === 'undone') {
    await expectNothingLeft(desk, `${when}, undone (${entry.reason})`);
  }
  await desk.operations.run(request('exit', exitSteps(), 'exit'));
  expect((await desk.operations.end('exit')).state, `${when}: an exit must be done`).toBe('done');
  await expectNothingLeft(desk, when);
  expectOnce(desk, story, when);
  await desk.stop();
}

/** At most one loan and one transfer for each leg; that no order is sent twice, the account itself watches. */
function expectOnce({ broker }: OperationsDesk, { entry }: Story, when: string): void {
  const count = (kind: string, from?: string) =>
    broker.movements.filter((movement) => movement.kind === kind && (!from || movement.wallet === from))
      .length;
  const legs = (kind: Step['kind']) => entry.filter((step) => step.kind === kind).length;
  expect(count('borrow'), `${when}: a loan must be taken once`).toBeLessThanOrEqual(legs('borrow'));
  expect(count('transfer', 'funding'), `${when}: money must be moved once`).toBeLessThanOrEqual(
    legs('transfer'),
  );
  const bought = broker.arrived.filter(({ symbol, side }) => symbol === 'NEO/USDT' && side === 'buy').length;
  expect(bought, `${when}: each purchase must be sent once`).toBeLessThanOrEqual(legs('order'));
}

const calm: Story = {
  entry: entrySteps({ stop: true }),
  submit: [],
  borrow: [],
  transfer: [],
  repay: [],
  feeIn: 'asset',
};

const stories: readonly (readonly [string, Story])[] = [
  ['all goes well', calm],
  [
    'the purchase is rejected after the short sale',
    { ...calm, submit: ['reply lost', { rejected: 'market closed' }, { rejected: 'still closed' }] },
  ],
  [
    'replies are lost, and orders filled in part',
    {
      ...calm,
      submit: ['part', 'part', 'reply lost'],
      borrow: ['reply lost'],
      transfer: ['reply lost'],
      repay: ['reply lost'],
    },
  ],
];

test.each(stories)(
  'the process dies at calls to the store and to the broker all through a story in which %s',
  async (_, story) => {
    let at = 1;
    for (; ; at += stride) {
      const world = worldOf(story);
      const moment = await liveUntil(at, (fate, sleep) => live(story, world, fate, sleep));
      if (moment === undefined) break;
      await expectAllWell(story, world, `killed at call ${at}, ${moment}`);
    }
    expect(at, 'the story must be long enough to be worth dying in').toBeGreaterThan(200);
  },
  600_000,
);

test('one call fails, or its reply is lost, and the process goes on', async () => {
  for (let at = 1; ; at += stride) {
    const world = worldOf(calm);
    let calls = 0;
    let struck: string | undefined;
    let isOpen = false;
    const desk = await open(world, async (moment) => {
      if (!isOpen || ++calls !== at) return;
      struck = moment;
      throw new StoreError('the disk did not answer');
    });
    isOpen = true;
    await trade(desk, calm).catch((error) => {
      if (!(error instanceof StoreError)) throw error; // whoever asked for it asks again
    });
    isOpen = false;
    await desk.stop();
    await expectAllWell(calm, world, `fault at call ${at}, ${struck}`);
    if (struck === undefined) break;
  }
}, 600_000);

const turnouts = (...more: Turnout[]) =>
  fc.array(fc.constantFrom<Turnout | 'well'>('well', 'well', 'request lost', 'reply lost', ...more), {
    maxLength: 4,
  });
/** In a list, what goes well is a turnout too; the account knows no word for it, so the list ends there. */
const scripted = (list: readonly (Turnout | 'well')[]): Turnout[] => {
  const first = list.indexOf('well');
  return list.slice(0, first === -1 ? undefined : first).filter((turnout) => turnout !== 'well');
};

test('whatever the broker does and wherever the process dies, twice', async () => {
  const rejected: Turnout = { rejected: 'not now' };
  const leaveOut = fc.subarray(['lend', 'sell', 'buy', 'stop']);
  const anyStory = fc
    .record({
      without: leaveOut,
      submit: turnouts('part', rejected),
      borrow: turnouts({ rejected: 'nobody lends', why: 'no-lender' }),
      transfer: turnouts(rejected),
      repay: turnouts(rejected),
      feeIn: fc.constantFrom('asset', 'currency', 'BNB'),
    })
    .map(({ without, submit, borrow, transfer, repay, feeIn }): Story => {
      const gone = new Set(without.includes('buy') ? [...without, 'stop'] : without);
      return {
        entry: entrySteps({ stop: true }).filter(({ leg }) => !gone.has(leg)),
        submit: scripted(submit),
        borrow: scripted(borrow),
        transfer: scripted(transfer),
        repay: scripted(repay),
        feeIn: feeIn as Story['feeIn'],
      };
    });
  const moment = fc.integer({ min: 1, max: 500 });
  await fc.assert(
    fc.asyncProperty(anyStory, moment, moment, async (story, first, second) => {
      const world = worldOf(story);
      const one = await liveUntil(first, (fate, sleep) => live(story, world, fate, sleep));
      const two = await liveUntil(second, (fate, sleep) => live(story, world, fate, sleep));
      await expectAllWell(story, world, `killed at ${first}, ${one}, and at ${second}, ${two}`);
    }),
    { numRuns: stride === 1 ? 500 : 50 },
  );
}, 600_000);
