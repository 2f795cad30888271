import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueAxis } from '../../../../engine/reports/charts/figure.ts';

const options = { unit: 'value', logarithmic: true, above: 0.1, below: 0.1 } as const;

describe('the axis for a range of values', () => {
  it('holds the range, with air above and below', () => {
    expect(valueAxis({ min: 100, max: 180 }, options)).toEqual({
      kind: 'linear',
      unit: 'value',
      min: 90,
      max: 190,
    });
  });

  it('is logarithmic from five times on, where it may be', () => {
    expect(valueAxis({ min: 100, max: 501 }, options).kind).toBe('logarithmic');
    expect(valueAxis({ min: 100, max: 499 }, options).kind).toBe('linear');
    expect(valueAxis({ min: 0, max: 500 }, options).kind, 'zero has no logarithm').toBe('linear');
    expect(valueAxis({ min: 1, max: 500 }, { ...options, logarithmic: false }).kind).toBe('linear');
  });

  it('has a flat line in its middle', () => {
    for (const value of [10_000, 0, -3, 1e-9]) {
      const { min, max } = valueAxis({ min: value, max: value }, { ...options, above: 0, below: 0 });
      expect(min).toBeLessThan(value);
      expect(max).toBeGreaterThan(value);
      expect((min + max) / 2).toBeCloseTo(value, 10);
    }
  });

  it('can be drawn, whatever a strategy computed', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (one, other) => {
        const axis = valueAxis({ min: Math.min(one, other), max: Math.max(one, other) }, options);
        expect(Number.isFinite(axis.min) && Number.isFinite(axis.max)).toBe(true);
        expect(axis.max - axis.min).toBeGreaterThan(Math.max(Math.abs(axis.min), Math.abs(axis.max)) * 1e-10);
      }),
      { numRuns: 2000 },
    );
  });
});
