import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { colorScale, textColorOn } from '../../../../engine/reports/charts/color-scale.ts';

/** Light of each primary, 0 to 1 (IEC 61966-2-1). */
function linear(color: string): [number, number, number] {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return [red, green, blue];
}

/** Oklab (B. Ottosson 2020): distances in it are about what an eye sees. */
function oklab([red, green, blue]: readonly [number, number, number]): [number, number, number] {
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

type Matrix = readonly (readonly [number, number, number])[];

/** What is seen without one kind of cone: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes 2009, severity 1. */
const vision: Readonly<Record<string, Matrix>> = {
  'full colour vision': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function seen(color: string, matrix: Matrix): [number, number, number] {
  const light = linear(color);
  const [red = 0, green = 0, blue = 0] = matrix.map((row) =>
    Math.max(0, row[0] * light[0] + row[1] * light[1] + row[2] * light[2]),
  );
  return oklab([red, green, blue]);
}

function distance(one: string, other: string, matrix: Matrix): number {
  const [a, b] = [seen(one, matrix), seen(other, matrix)];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

const diverging = colorScale([-1, -0.5, 0, 0.5, 1]);
const sequential = colorScale([0, 0.25, 0.5, 0.75, 1]);

describe.each(Object.entries(vision))('with %s', (_, matrix) => {
  it('a loss is told apart from a gain of its size', () => {
    for (const value of [0.25, 0.5, 0.75, 1]) {
      const apart = distance(diverging.color(-value), diverging.color(value), matrix);
      expect(apart, `±${value}`).toBeGreaterThan(0.05);
    }
  });

  it('values an eighth of the scale apart have colours that differ', () => {
    for (let value = -1; value < 0.99; value += 0.25) {
      const step = distance(diverging.color(value), diverging.color(value + 0.25), matrix);
      expect(step, `${value}`).toBeGreaterThan(0.03);
    }
    for (let value = 0; value < 0.99; value += 0.125) {
      const step = distance(sequential.color(value), sequential.color(value + 0.125), matrix);
      expect(step, `${value}`).toBeGreaterThan(0.03);
    }
  });

  it('the farther from zero, or from the lowest, the lighter: also in grey', () => {
    const lightness = (color: string) => seen(color, matrix)[0];
    for (let value = 0; value < 0.99; value += 0.125) {
      const farther = value + 0.125;
      expect(lightness(sequential.color(farther))).toBeGreaterThan(lightness(sequential.color(value)));
      for (const side of [1, -1]) {
        const [near, far] = [diverging.color(side * value), diverging.color(side * farther)];
        expect(lightness(far), `${side * value}`).toBeGreaterThan(lightness(near));
      }
    }
  });
});

describe('the scale', () => {
  it('diverges where values lie on both sides of zero, with equal steps on both', () => {
    const scale = colorScale([-1, 0, 1, 2, 4]);
    expect(scale).toMatchObject({ kind: 'diverging', min: -1, max: 4 });
    expect(scale.color(-1)).toBe(colorScale([-4, -3, 1, 4]).color(-1));
    expect(colorScale([0, 1]).kind).toBe('sequential');
    expect(colorScale([-2, -1]).kind).toBe('sequential');
  });

  it('is not stretched by one freak run, and says that it ends before it', () => {
    const ordinary = Array.from({ length: 50 }, (_, index) => 1 + index / 50);
    const scale = colorScale([...ordinary, 900, Number.POSITIVE_INFINITY]);
    expect(scale.max).toBe(1.98);
    expect(scale.more).toEqual({ below: false, above: true });
    expect(scale.color(900)).toBe(scale.color(1.98));
    expect(scale.color(Number.POSITIVE_INFINITY)).toBe(scale.color(1.98));
  });

  it('has a colour for whatever a run may bring', () => {
    const value = fc.double({ noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 30 }), value, (values, any) => {
        const scale = colorScale(values);
        for (const each of [...values, any]) {
          expect(scale.color(each)).toMatch(/^#[0-9a-f]{6}$/);
          expect(textColorOn(scale.color(each))).toMatch(/^#[0-9a-f]{6}$/);
        }
        expect(scale.min).toBeLessThanOrEqual(scale.max);
      }),
      { numRuns: 500 },
    );
  });

  it('figures on it can be read: a contrast of 3.5 at least', () => {
    const luminance = (color: string) => {
      const [red, green, blue] = linear(color);
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    for (const scale of [diverging, sequential]) {
      for (let value = -1; value <= 1; value += 0.02) {
        const ground = scale.color(value);
        const [low = 0, high = 0] = [luminance(ground), luminance(textColorOn(ground))].sort((a, b) => a - b);
        expect((high + 0.05) / (low + 0.05), ground).toBeGreaterThan(3.5);
      }
    }
  });
});
