/** Money between books, signals and their approval, differences, and accounts that are traded by hand. */
import { expect } from 'vitest';
import { asksUntil, confirm, fileText, pick, type Scene, script } from './script.ts';

export const books = [
  script('book list, book show', 'lists the books, and shows one from its button', async ({ vera }) => {
    await vera.types('/book list', {
      shows: ['careful', 'rotation', /10,000\.00 USD/],
      buttons: ['careful', 'demo', 'guest', 'hand', 'rotation'],
    });
    await vera.presses('rotation', {
      shows: [/Book rotation, paper/i],
      fields: { Capital: '10,000.00 USD' },
    });
    await vera.types('/book show guest', { shows: [/Book guest, /], fields: { Cash: '10,000.00 USD' } });
  }),
  script(
    'book deposit, book withdraw',
    'money comes in and goes out once it is confirmed',
    async ({ ann, vera }) => {
      await ann.types('/book deposit rotation 250.50', {
        shows: ['Deposit 250.5 USD into rotation?'],
        fields: { Capital: '10,000.00 USD → 10,250.50 USD' },
        buttons: confirm,
        tone: 'warning',
      });
      await vera.types('/book show rotation', { fields: { Capital: '10,000.00 USD' } });
      await ann.presses('Confirm', { shows: ['Deposited 250.5 USD into rotation'], tone: 'success' });
      await vera.types('/book show rotation', { fields: { Capital: '10,250.50 USD' } });
      await ann.types('/book withdraw rotation 20000', { shows: ['can give away at most'], tone: 'danger' });
      await ann.types('/book withdraw rotation 250.50', { shows: ['Withdraw 250.5 USD from rotation?'] });
      await ann.presses('Confirm', { shows: ['Withdrew 250.5 USD from rotation'] });
      await vera.types('/book show rotation', { fields: { Capital: '10,000.00 USD' } });
    },
  ),
  script('book move', 'moves money between books of one account', async ({ ann, vera }) => {
    await ann.types('/book move careful rotation 100', {
      shows: ['Move 100 USD from careful to rotation?'],
      fields: { 'Capital of rotation': '10,000.00 USD → 10,100.00 USD' },
      buttons: confirm,
    });
    await ann.presses('Cancel', { shows: ['Cancelled: /book move', 'was not done'] });
    await ann.types('/book move careful rotation 100');
    await ann.presses('Confirm', { shows: ['Moved 100 USD from careful to rotation'] });
    await vera.types('/book show careful', { fields: { Capital: '9,900.00 USD' } });
  }),
  script('book activate, book deactivate', 'a book takes entries, or does not', async ({ ann, tom }) => {
    await ann.types('/book deactivate rotation', { shows: ['rotation is not active'], tone: 'warning' });
    await tom.types('/buy rotation SP500 1', { shows: ['not active'], tone: 'danger' });
    await ann.types('/book activate rotation', {
      shows: ['Activate rotation, PAPER?', 'It takes new entries again, of the plan demo and by hand.'],
      buttons: confirm,
      tone: 'warning',
    });
    await ann.presses('Confirm', { shows: ['rotation is active and takes entries.'] });
    await ann.types('/book activate rotation', {
      shows: ['The book "rotation" is active already.'],
      tone: 'danger',
    });
  }),
] as const;

export const newBooks = [
  script(
    'book create, book set, book key, book delete',
    'a book is made, set and given a key while the desk runs, and goes when it is empty',
    async ({ ann, vera, desk }) => {
      await ann.types('/book create grid paper USD 500 handler=order limit_order=400', {
        shows: ['Make the book grid at PAPER?'],
        buttons: confirm,
        tone: 'warning',
        forMeAlone: true,
      });
      await ann.presses('Confirm', { shows: ['The book grid is there'], tone: 'success', forMeAlone: true });
      await vera.types('/book show grid', { fields: { Capital: '500.00 USD' } });
      await ann.types('/book set grid limit_order 300', { fields: { Now: '400', Then: '300' } });
      await ann.presses('Confirm', { shows: ['400 → 300'] });
      await ann.types('/book key grid', { shows: ['Give grid another key?'], forMeAlone: true });
      const given = await ann.presses('Confirm', { shows: ['grid has another key'], forMeAlone: true });
      const key = pick(given, /"key": ?"([^"]+)"/);
      expect((await desk.alert('grid', { ...alert, key })).status).toBe(200);
      await ann.types('/book delete grid gird', { shows: ['Nothing was deleted'], tone: 'danger' });
      await asksUntil(vera, '/signal list grid', /the book "+grid"+ has 500\.00 USD/);
      await ann.types('/book withdraw grid 500', { shows: ['Withdraw 500 USD from grid?'] });
      await ann.presses('Confirm', { shows: ['Withdrew 500 USD from grid'] });
      await ann.types('/book delete grid grid', { shows: ['Delete the book grid?'], buttons: confirm });
      await ann.presses('Confirm', { shows: ['grid is deleted. Its history stays.'] });
      await vera.types('/book list', { shows: ['rotation'], lacks: ['grid'] });
    },
  ),
] as const;

const alert = { key: 'careful-key-1234', action: 'buy', symbol: 'SP500', quantity: 1 };

export const signals = [
  script('signal list', 'says when none has come', async ({ vera }) => {
    await vera.types('/signal list guest', { shows: ['No signal has come'] });
  }),
  script(
    'signal approve, signal show',
    'an entry waits, and is traded when approved',
    async ({ tom, vera, desk }) => {
      const { status, body } = await desk.alert('careful', { ...alert, id: 'approved' });
      expect(status).toBe(200);
      const { signal } = JSON.parse(body);
      await asksUntil(vera, `/signal show ${signal}`, /wait/);
      await tom.types(`/signal approve ${signal}`, {
        shows: ['Approve this entry?', /worth 2,87\d/],
        lacks: ['Nothing was done'],
        buttons: confirm,
        tone: 'warning',
      });
      await tom.presses('Confirm', { tone: 'success' });
      await asksUntil(vera, `/signal show ${signal}`, /State:? +done/);
      await vera.types('/signal list careful', { shows: ['done'] });
      await vera.types('/positions careful', { shows: ['1 SP500 long'] });
    },
  ),
  script('signal reject', 'is not traded, and cannot be approved afterwards', async ({ tom, vera, desk }) => {
    const { signal } = JSON.parse((await desk.alert('careful', { ...alert, id: 'rejected' })).body);
    await asksUntil(vera, `/signal show ${signal}`, /wait/);
    await tom.types(`/signal reject ${signal}`, { shows: ['Drop this signal?'], buttons: confirm });
    await tom.presses('Confirm');
    await vera.types(`/signal show ${signal}`, { shows: [`${tom.name} did not approve it`] });
    await tom.types(`/signal approve ${signal}`, { shows: ['Approve this entry?'] });
    await tom.presses('Confirm', { shows: ['does not wait for approval: it is refused.'], tone: 'danger' });
  }),
  script(
    'signal replay',
    'an entry that a suspended book refused is decided once more, and once only',
    async ({ tom, vera, desk }) => {
      await tom.types('/suspend entries careful', { shows: ['careful is suspended.'] });
      const { signal } = JSON.parse((await desk.alert('careful', { ...alert, id: 'replayed' })).body);
      await asksUntil(vera, `/signal show ${signal}`, /State:? +refused/);
      await tom.types(`/signal replay ${signal}`, {
        shows: ['It would be refused again: The book "careful" is suspended (entries)'],
        tone: 'danger',
      });
      await tom.types('/resume careful', { shows: ['End the suspension of careful, PAPER?'] });
      await tom.presses('Confirm', { shows: ['careful trades again.'] });
      await tom.types(`/signal replay ${signal}`, {
        shows: [
          'Decide this signal once more?',
          'buy 1 SP500',
          /worth 2,87\d/,
          'and is refused: The book "careful"',
        ],
        buttons: confirm,
        tone: 'warning',
      });
      const taken = await tom.presses('Confirm', {
        shows: ['Replayed: careful, buy 1 SP500'],
        tone: 'success',
      });
      const replay = pick(taken, /new signal ([0-9a-f]{20})/);
      await asksUntil(vera, `/signal show ${replay}`, /State:? +waiting/);
      await tom.types(`/signal replay ${replay}`, { shows: ['waits for approval'], tone: 'danger' });
      await tom.types(`/signal replay ${signal}`, {
        shows: [`replayed already, by ${tom.name}, as ${replay}`],
      });
      await tom.types(`/signal approve ${replay}`, { shows: ['Approve this entry?'] });
      await tom.presses('Confirm', { tone: 'success' });
      await asksUntil(vera, `/signal show ${replay}`, /State:? +done/);
      await vera.types(`/signal show ${replay}`, { fields: { From: tom.name, 'Replay of': signal } });
      await tom.types(`/signal replay ${replay}`, {
        shows: ['its trade was made. To trade again: /buy or /sell.'],
      });
      await tom.types('/signal replay 0f3a', { shows: ['There is no signal "0f3a".'], tone: 'danger' });
    },
  ),
  script('signal test', 'tells what an alert would do, and does nothing', async ({ tom, vera }) => {
    await tom.types('/signal test {"action": "buy", "symbol": "SP500", "quantity": 1} book=demo', {
      shows: ['It would be taken, and acted on', '1. buy 1 SP500 at the market', 'Nothing was done.'],
      tone: 'success',
    });
    await tom.types('/signal test action=buy symbol=SP500 quantity=-1 book=demo', { shows: ['quantity'] });
    await vera.types('/positions demo', { shows: ['Nothing is open'] });
  }),
  script('report signals', 'is a CSV with how each signal ended', async ({ vera }) => {
    const report = await vera.types('/report signals book=careful', { files: ['signals-careful.csv'] });
    expect(fileText(report, '.csv')).toMatch(/refused[\s\S]*done/);
  }),
] as const;

export const differences = [
  script(
    'difference list, difference cancel',
    'an order of somebody else is seen, and cancelled',
    async ({ tom, vera }) => {
      const list = await vera.types('/difference list', {
        shows: [
          'shared has an open order that this desk did not send: buy 2 BRKW',
          'shared holds 3 AMBR in the wallet account; the books say 0: 3 more there.',
          'stops the entries of this account',
        ],
        tone: 'danger',
      });
      await tom.types('/buy guest SP500 1', { shows: ['shared differs from the books'], tone: 'danger' });
      const id = pick(list, /buy 2 BRKW[^\n]*\n(diff-[0-9a-f]+)/);
      await tom.types(`/difference cancel ${id}`, {
        shows: ['Cancel the order on shared?'],
        buttons: confirm,
      });
      await tom.presses('Confirm', { shows: ['Resolved: '], tone: 'success' });
      await vera.types('/difference list', { lacks: ['BRKW'], shows: [/3 AMBR[^\n]*\ndiff-/] });
    },
  ),
  script('difference flatten', 'what is too much there is sold', async ({ tom, vera }) => {
    const list = await vera.types('/difference list', { shows: [/3 AMBR[^\n]*\ndiff-/] });
    const id = pick(list, /3 AMBR[^\n]*\n(diff-[0-9a-f]+)/);
    await tom.types(`/difference flatten ${id}`, {
      shows: ['Trade the difference away on shared?', 'What is too much is sold at the market'],
      buttons: confirm,
    });
    await tom.presses('Confirm', { shows: ['Resolved: '] });
    await vera.types('/broker account shared', { shows: ['USD'], lacks: ['AMBR'] });
  }),
  script('difference adopt', 'the books follow the broker, and entries go on', async ({ tom, vera }) => {
    const list = await vera.types('/difference list', { shows: [/the books say 50000: [^\n]*\ndiff-/] });
    const id = pick(list, /less there\.\n(diff-[0-9a-f]+)/);
    await tom.types(`/difference adopt ${id}`, {
      shows: ['Adopt the difference on shared?', 'Nothing is traded.'],
      buttons: confirm,
    });
    await tom.presses('Confirm', { shows: ['Resolved: '] });
    await tom.types('/broker reconcile shared', {
      shows: ['shared says what the books say.'],
      tone: 'success',
    });
    await tom.types('/buy guest SP500 1', { shows: ['Buy 1 SP500 for guest'], buttons: confirm });
    await tom.presses('Cancel', { shows: ['was not done'] });
  }),
] as const;

export const byHand = [
  script(
    'manual balance, difference ignore',
    'a holding that no book has is seen, and left alone',
    async ({ tom, vera }) => {
      await tom.types('/manual balance AMBR 1', {
        shows: ['depot holds 0 AMBR by what was reported. From now on it holds 1.'],
        buttons: confirm,
      });
      await tom.presses('Confirm', { shows: ['depot holds 1 AMBR, corrected by +1.'], tone: 'success' });
      const found = await tom.types('/broker reconcile depot', {
        shows: [/depot holds 1 AMBR[^\n]*\ndiff-/],
      });
      const id = pick(found, /(diff-[0-9a-f]+)/);
      await tom.types(`/difference ignore ${id}`, {
        shows: ['Ignore the difference on depot?'],
        buttons: confirm,
      });
      await tom.presses('Confirm', { shows: ['Resolved: '] });
      await vera.types('/difference list', {
        shows: ['All brokers say what the books say.'],
        lacks: ['AMBR'],
      });
    },
  ),
  script('manual list, manual fill', 'an order is placed by hand, and reported', async (scene) => {
    const { tom, vera } = scene;
    await vera.types('/manual list', { shows: ['Nothing is to be done by hand at depot.'] });
    const id = await ordered(scene, 'filled');
    await tom.types(`/manual fill ${id} 2 100.5 1.25`, {
      shows: ['depot bought 2 AMBR at 100.5 USD, fee 1.25. Of 2 that were ordered, 0 were filled before.'],
      buttons: confirm,
    });
    await tom.presses('Confirm', { shows: ['Bought 2 AMBR at 100.5 USD', 'The order is filled.'] });
    await vera.types('/manual list', { shows: ['Nothing is to be done by hand at depot.'] });
    await vera.types('/positions hand', { shows: ['2 AMBR long · hand, depot'] });
  }),
  script('manual reject', 'an order that was not taken is reported, with why', async (scene) => {
    const { tom, vera } = scene;
    const id = await ordered(scene, 'rejected');
    await tom.types(`/manual reject ${id} trading is halted`, { shows: ['is rejected: trading is halted'] });
    await vera.types('/orders latest hand', { shows: ['trading is halted'] });
  }),
  script(
    'operation list, operation show, operation end',
    'an exit that can never be done is seen, and given up with a reason',
    async (scene) => {
      const { tom, vera } = scene;
      await asksUntil(vera, '/operation list book=hand', /Every operation is over/);
      const first = await ordered(scene, 'exit', { action: 'sell', symbol: 'AMBR' });
      await tom.types(`/cancel ${first}`, {
        shows: ['It is part of an exit, which then sends another'],
        buttons: confirm,
      });
      await tom.presses('Cancel', { shows: ['was not done'] });
      await tom.types(`/manual reject ${first} AMBR is delisted`, { shows: ['is rejected'] });
      const second = await ordered(scene, 'exit');
      await tom.types(`/manual reject ${second} AMBR is delisted`, { shows: ['is rejected'] });
      const third = await ordered(scene, 'exit');
      const list = await tom.types('/operation list book=hand', { shows: ['stuck'], tone: 'danger' });
      const id = pick(list, /(signal:[0-9a-f]{20})/);
      await tom.presses('sell all AMBR', {
        shows: ['AMBR is delisted', 'sell all that is held of AMBR', 'The book "hand" holds 2 AMBR.'],
        fields: { State: 'stuck', Purpose: 'exit' },
        buttons: ['End it'],
      });
      await tom.types(`/operation end ${id.slice(-6)} sold to the issuer`, {
        shows: [
          'Give up “sell all AMBR” of hand, depot?',
          'It is stuck: AMBR is delisted',
          `The order ${third} is open: sell 2 AMBR, of which 0 are filled: it is cancelled`,
          'what it was to close stays open',
          'The book "hand" holds 2 AMBR.',
          'In all, depot holds 3 AMBR.',
        ],
        buttons: confirm,
        tone: 'warning',
      });
      await tom.presses('Confirm', {
        shows: [
          'Given up: sell all AMBR, hand, depot',
          `Given up by ${tom.name}: sold to the issuer.`,
          `The order ${third} is open: sell 2 AMBR, of which 0 are filled: it is to be cancelled`,
          'depot says what the books say.',
        ],
        tone: 'warning',
      });
      await vera.types(`/operation show ${id}`, { fields: { State: 'given up' } });
      await vera.types('/manual list', { shows: ['cancel: sell 2 AMBR', third] });
      await tom.types(`/manual cancelled ${third}`, { shows: ['Nothing of it was traded.'] });
      await vera.types('/manual list', { shows: ['Nothing is to be done by hand at depot.'] });
      await vera.types('/positions hand', { shows: ['2 AMBR long'] });
      await tom.types(`/operation end ${id} again`, {
        shows: ['The operation "sell all AMBR" is over: Given up'],
        tone: 'danger',
      });
    },
  ),
  script('manual cancelled', 'a cancelled order is reported', async (scene) => {
    const { tom, vera } = scene;
    const id = await ordered(scene, 'cancelled');
    await tom.types(`/manual cancelled ${id}`, { shows: ['is cancelled. Nothing of it was traded.'] });
    await vera.types('/manual list', { shows: ['Nothing is to be done by hand at depot.'] });
  }),
] as const;

/** An alert trades by hand what is then to be reported; its order's id. The same alert again is none. */
async function ordered(
  { vera, desk }: Scene,
  id: string,
  alert: Readonly<Record<string, unknown>> = { action: 'buy', symbol: 'AMBR', quantity: 2 },
): Promise<string> {
  await desk.alert('hand', { key: 'hand-key-123456', id, ...alert });
  return pick(await asksUntil(vera, '/manual list', /oc-[0-9a-f]{32}/), /(oc-[0-9a-f]{32})/);
}
