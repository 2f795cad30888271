/** The desk as somebody meets it who has just cloned it: a terminal, and alerts from a second one. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { startDesk } from '../support/desk.ts';

const alert = { key: 'demo-key-1234', action: 'buy', symbol: 'SP500', quantity: 1 };

describe('a desk at the terminal', () => {
  it('answers the first commands of the README, with figures, a chart and CSV files', async () => {
    const desk = await startDesk();
    for (const line of ['/help', '/backtest sma_cross SP500', '/book list', '/plan run demo', '1'])
      desk.type(line);
    await desk.shows('/terminate  Stop the desk');
    await desk.shows(
      /SmaCross {2}SP500[\s\S]*# Trades +\d+[\s\S]*saved .*SmaCross-SP500\.png[\s\S]*trades\.csv[\s\S]*orders\.csv[\s\S]*equity\.csv/,
    );
    await desk.shows(/demo +paper +10,000\.00 USD +0\.00 USD/);
    await desk.shows(
      /Run the plan demo now for rotation, PAPER\?[\s\S]*Its new orders are sent at once, with the money of rotation/,
    );
    await desk.shows(/Plan demo, book rotation, paper[\s\S]*New orders: 3\.[\s\S]*buy .* filled/);
    await desk.shows('Plan demo: run finished');
    const saved = await readdir(join(desk.config.dataFolder, 'attachments'));
    const pictures = saved
      .filter((name) => name.endsWith('.png'))
      .map((name) => (name.includes('SmaCross') ? 'backtest' : 'plan'));
    // What all chats are told of the run has no picture where its answer has one.
    expect(pictures.toSorted()).toEqual(['backtest', 'plan']);
  });

  it('acknowledges an alert, says that it came, then what was traded, at what price, and the new capital', async () => {
    const desk = await startDesk();
    const { status, body } = await desk.alert('demo', alert);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ signal: expect.any(String) });
    await desk.shows('Signal for demo: received');
    await desk.shows('Bought 1 SP500 at 2875.99734 USD, fee 2.87599734 USD');
    await desk.shows(/Cash +7,121\.13 USD\nCapital +9,995\.69 USD/);
  });

  it('trades the same alert once, however often it is sent', async () => {
    const desk = await startDesk();
    const answers = await Promise.all([1, 2, 3, 4].map(() => desk.alert('demo', alert)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body)).size, 'all four are told the same signal').toBe(1);
    await desk.shows('Bought 1 SP500');
    desk.type('/book show demo');
    await desk.shows(/SP500 +1 /);
    expect(desk.printed().match(/Bought/g)).toHaveLength(1);
  });

  it('does not send the orders of a plan again', async () => {
    const desk = await startDesk();
    desk.confirms('/plan run demo');
    desk.confirms('/plan run demo');
    await desk.shows('No new orders. 3 of the newest signals were sent before');
  });

  it('keeps its books, suspensions and orders over a restart', async () => {
    const first = await startDesk();
    await first.alert('demo', alert);
    await first.shows('Bought 1 SP500');
    first.type('/suspend entries demo reason="a test"');
    await first.shows('demo is suspended. No new entries; exits go on.');
    await first.stop();

    const second = await startDesk({ root: first.root });
    second.type('/book show demo');
    await second.shows(/entries suspended by console: a test[\s\S]*SP500 +1 /);
    await second.alert('demo', { ...alert, id: 'after-restart' });
    await second.shows(/refused[\s\S]*Nothing was traded: The book "demo" is suspended/);
    await second.alert('demo', { ...alert, action: 'sell', id: 'exit' });
    await second.shows('Sold 1 SP500');
  });

  it('takes money into a book and out of it when that is confirmed, and keeps it over a restart', async () => {
    const first = await startDesk();
    first.type('/book deposit demo 250.50');
    await first.shows(
      /Deposit 250\.5 USD into demo\?[\s\S]*10,000\.00 USD → 10,250\.50 USD[\s\S]*\[1\] Confirm/,
    );
    first.type('1');
    await first.shows('Deposited 250.5 USD into demo');
    first.type('/book withdraw demo 20000');
    await first.shows('The book "demo" can give away at most 10250.5 USD');
    first.type('/book deactivate demo');
    await first.shows('demo is not active: no new entries, exits go on.');
    await first.stop();

    const second = await startDesk({ root: first.root });
    second.type('/book show demo');
    await second.shows(/not active[\s\S]*Capital +10,250\.50 USD/);
  });

  it('stops when it is asked to and confirmed', async () => {
    const desk = await startDesk();
    desk.type('/terminate');
    await desk.shows('[1] Confirm   [2] Cancel');
    desk.type('1');
    await vi.waitFor(() => expect(desk.stopWanted()).toBe('console'));
    await desk.shows('The desk is stopping.');
  });

  it('refuses a second desk on its data', async () => {
    const first = await startDesk();
    await expect(startDesk({ root: first.root })).rejects.toThrow(
      /another desk is running on the data folder/,
    );
  });

  it('tells who is at the terminal that somebody tried a wrong key, and nothing to who tried', async () => {
    const desk = await startDesk();
    expect(await desk.alert('demo', { ...alert, key: 'guessed-key' })).toMatchObject({ status: 404 });
    await desk.shows('Somebody was turned away');
    expect(desk.printed()).not.toContain('guessed-key');
  });
});
