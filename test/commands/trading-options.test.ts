import { describe, expect, it } from 'vitest';
import { actionsOf } from '../../commands/command.ts';
import { commands } from '../../commands/index.ts';
import { tradingRequest } from '../../commands/trading-options.ts';

describe('options of the commands', () => {
  it.each(
    commands.flatMap(actionsOf).map(({ words, action }) => ({ name: words.join(' '), action })),
  )('/$name fits into a menu of Discord', ({ action }) => {
    const options = Object.values(action.options);
    expect(options.length).toBeLessThanOrEqual(25);
    for (const { description } of options) expect(description.length).toBeLessThanOrEqual(100);
  });
});

describe('how a backtest trades, from what was chosen in chat', () => {
  it('is left to the engine where nothing was chosen', () => {
    expect(tradingRequest({})).toEqual({ cash: 100_000, commission: 0, options: {} });
  });

  it('has every choice under the name that the engine gives it', () => {
    const chosen = tradingRequest({
      interval: '1h',
      cash: 500,
      commission: 0.001,
      commission_fixed: 5,
      spread: 0.0005,
      margin: 0.1,
      trade_on_close: true,
      hedging: false,
      exclusive_orders: true,
      finalize_trades: true,
      semantics: 'minitrade',
      holding: 'sp500=10, ACME:-5',
      lot_size: 100,
      fractional: 1e-8,
      fail_fast: false,
      trade_start: new Date('2020-01-02T00:00:00Z'),
    });
    expect(chosen).toEqual({
      interval: '1h',
      cash: 500,
      commission: [5, 0.001],
      options: {
        semantics: 'minitrade',
        spread: 0.0005,
        margin: 0.1,
        tradeOnClose: true,
        hedging: false,
        exclusiveOrders: true,
        finalizeTrades: true,
        lotSize: 100,
        fractional: 1e-8,
        failFast: false,
        tradeStart: Date.UTC(2020, 0, 2),
        holding: { SP500: 10, ACME: -5 },
      },
    });
  });

  it('says how a holding is written', () => {
    expect(() => tradingRequest({ holding: 'SP500=half' })).toThrow(
      'holding must be written as SYMBOL=units, such as SP500=10,ACME=-5, not "SP500=half".',
    );
  });
});
