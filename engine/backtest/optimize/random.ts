/** Chance that can be repeated: the same seed draws the same numbers on every machine. */

/** A source of numbers from 0 to below 1. */
export type Random = () => number;

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state, whole-number operations only. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A whole number from 0 to below `count`. */
export function drawIndex(random: Random, count: number): number {
  // Two draws: beyond 32 bits a single one would leave most numbers out.
  const fine = count > 2 ** 31 ? random() / 4_294_967_296 : 0;
  return Math.min(Math.floor((random() + fine) * count), count - 1);
}

/** A draw of the standard normal distribution (Box and Muller 1958). */
export function drawNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
