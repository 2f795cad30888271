import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gainPercentText, gainText, priceText } from '../../commands/gains.ts';
import { sizeOf, termsOf } from '../../commands/trade-options.ts';

describe('gains and losses', () => {
  it('are told apart by colour and by sign; what rounds to nothing is neither', () => {
    expect(gainText('1234.5', 'USD')).toBe('🟢 +1,234.50 USD');
    expect(gainText('-0.5', 'USD')).toBe('🔴 -0.50 USD');
    expect(gainText('-0.001', 'USD')).toBe('⚪ 0.00 USD');
    expect(gainPercentText('-5', '200')).toBe('-2.50%');
    expect(gainPercentText('5', '-200'), 'a short position brought its cost').toBe('+2.50%');
    expect(gainPercentText('5', '0')).toBe('');
  });

  it('prices keep the digits that say something', () => {
    expect(['2875.99734', '9.50123', '0.00001234', '100', '0.5', '0'].map(priceText)).toEqual([
      ...['2,876.00', '9.5012', '0.00001234', '100.00', '0.5', '0'],
    ]);
  });

  it('a price is never shown further off than a hundredth of a percent', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-8, max: 1e6, noNaN: true }), (price) => {
        const text = price.toFixed(12);
        fc.pre(Number(text) > 1e-8);
        const shown = Number(priceText(text).replaceAll(',', ''));
        expect(Math.abs(shown / Number(text) - 1)).toBeLessThan(1e-4);
      }),
    );
  });
});

describe('a size, as people type it', () => {
  it('is a quantity, a part, or money of the book', () => {
    expect(sizeOf('3', 'USD')).toEqual({ quantity: '3' });
    expect(sizeOf('0.25', 'USD')).toEqual({ quantity: '0.25' });
    expect(sizeOf('10 %', 'USD')).toEqual({ percent: '10' });
    expect(sizeOf('1,500.50 usd', 'USD')).toEqual({ cost: '1500.50' });
    expect(sizeOf('500USDT', 'USDT')).toEqual({ cost: '500' });
  });

  it('is never guessed', () => {
    for (const text of ['', '-3', '3-4', '1,50', 'USD', '%', '3 apples 4', '1e5'])
      expect(() => sizeOf(text, 'USD'), text).toThrow('is no size');
    expect(() => sizeOf('500 EUR', 'USD')).toThrow('The book is in USD, not in EUR. Write it as 500 USD.');
  });

  it('prices say what kind of order it is', () => {
    expect(termsOf({})).toEqual({ type: 'market' });
    expect(termsOf({ price: '1' })).toEqual({ type: 'limit', price: '1' });
    expect(termsOf({ stop: '2' })).toEqual({ type: 'stop', stop: '2' });
    expect(termsOf({ price: '1', stop: '2', open_for: 90 })).toEqual({
      ...{ type: 'stop_limit', price: '1', stop: '2', open_for: '90' },
    });
  });
});
