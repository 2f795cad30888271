/** The whole desk with MongoDB as its store: books, orders, events and schedule are there, and survive a restart. */
import { describe, expect, it } from 'vitest';
import { startDesk } from '../support/desk.ts';
import { mongoServer } from '../support/mongodb/server.ts';

const server = await mongoServer();
const alert = { key: 'demo-key-1234', action: 'buy', symbol: 'SP500', quantity: 1 };

describe.skipIf(server === undefined)('a desk that stores in MongoDB', () => {
  it('trades an alert, runs the plan once, and goes on after a restart', async () => {
    const mongo = `${server?.uri.replace(/\/+$/, '')}/${server?.database()}`;
    const first = await startDesk({ mongo });
    first.type('/status');
    await first.shows(/Store +MongoDB/);
    await first.shows(/Next jobs +plan demo at/);
    expect((await first.alert('demo', alert)).status).toBe(200);
    await first.shows('Bought 1 SP500');
    first.confirms('/plan run demo');
    await first.shows('New orders: 3.');
    await first.stop();

    const second = await startDesk({ mongo, root: first.root });
    second.type('/book show demo');
    await second.shows(/SP500 +1 /);
    second.confirms('/plan run demo');
    await second.shows('No new orders. 3 of the newest signals were sent before');
    expect((await second.alert('demo', { ...alert, id: 'x-1' })).status).toBe(200);
    await second.shows('Bought 1 SP500');
  });
});
