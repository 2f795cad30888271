import { expect, test } from 'vitest';
import { openTrading } from '../../support/trading.ts';

test('an alert becomes a fill, and chat hears the price and the new capital', async () => {
  const desk = await openTrading();
  await desk.send({ action: 'buy', symbol: 'SP500', quantity: 3 });
  await desk.queue.idle();
  expect(await desk.told()).toMatchInlineSnapshot(`
    [
      {
        "book": "demo",
        "signal": "198d3383440dcd875cb9",
        "summary": "buy 3 SP500",
        "type": "signal.received",
      },
      {
        "account": "paper",
        "book": "demo",
        "capital": {
          "cash": "1376.32",
          "currency": "USD",
          "equity": "10000",
        },
        "fills": [
          {
            "currency": "USD",
            "fee": "0",
            "price": "2874.56",
            "quantity": "3",
            "side": "buy",
            "symbol": "SP500",
          },
        ],
        "signal": "198d3383440dcd875cb9",
        "summary": "buy 3 SP500",
        "type": "signal.done",
      },
    ]
  `);
  expect(await desk.books.show('demo')).toMatchInlineSnapshot(`
    {
      "active": true,
      "broker": "paper",
      "cash": "1376.32",
      "currency": "USD",
      "deposited": "10000",
      "description": "",
      "equity": "10000",
      "fees": "0",
      "name": "demo",
      "positions": [
        {
          "averageCost": "2874.56",
          "lastPrice": "2874.56",
          "quantity": "3",
          "symbol": "SP500",
          "unrealised": "0",
          "value": "8623.68",
        },
      ],
      "realised": "0",
      "suspension": null,
      "unrealised": "0",
    }
  `);
  await desk.stop();
});
