import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountText } from '../../commands/figures.ts';

describe('an amount, as people read it', () => {
  it.each([
    ['9982.752635764', 'USD', '9,982.75 USD'],
    ['-9982.757', 'EUR', '-9,982.76 EUR'],
    ['5.75199468', 'USD', '5.75 USD'],
    ['250', 'USD', '250.00 USD'],
    ['0', 'USD', '0.00 USD'],
    ['1250.4', 'JPY', '1,250 JPY'],
    ['12.3456', 'KWD', '12.346 KWD'],
    ['10234.12345678', 'USDT', '10,234.12 USDT'],
    ['1.0512345678', 'BTC', '1.0512346 BTC'],
    ['1.5', 'BTC', '1.50 BTC'],
    ['0.0123', 'BTC', '0.0123 BTC'],
    ['1234567.891', 'SHIB', '1,234,567.89 SHIB'],
  ])('%s %s is told as is usual for the currency', (amount, currency, told) => {
    expect(amountText(amount, currency)).toBe(told);
  });

  it.each([
    ['0.05', 'USD', '0.05 USD'],
    ['0.0575199468', 'USD', '0.0575 USD'],
    ['0.00287599734', 'USD', '0.00288 USD'],
    ['-0.00000123456', 'USD', '-0.00000123 USD'],
    ['0.5', 'JPY', '0.5 JPY'],
    ['0.00000000123', 'BTC', '0.00000000123 BTC'],
  ])('%s %s does not read as nothing', (amount, currency, told) => {
    expect(amountText(amount, currency)).toBe(told);
  });

  it('has as many places as what it is compared with', () => {
    expect(amountText('9982.752635764', 'USD', 4)).toBe('9,982.7526 USD');
    expect(amountText('10000', 'USD', 3)).toBe('10,000.000 USD');
  });

  it('is never told more than 5 percent off, and never further off than half a cent', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), (amount) => {
        const exact = amount.toFixed(15);
        const told = Number(amountText(exact, 'USD').replace(' USD', '').replaceAll(',', ''));
        expect(Math.abs(told - Number(exact))).toBeLessThanOrEqual(0.005000001);
        expect(Math.abs(told / Number(exact) - 1)).toBeLessThanOrEqual(0.05);
      }),
    );
  });
});
