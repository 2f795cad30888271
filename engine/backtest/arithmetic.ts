/** Two operations of Python's arithmetic that decide how many units are traded. */

/**
 * `a // b` for positive numbers as Python has it: from the exact remainder, so that 1 // 0.1 is 9, whereas
 * Math.floor(1 / 0.1) is 10. (CPython, Objects/floatobject.c, float_floor_div.)
 */
export function floorDivide(a: number, b: number): number {
  const quotient = (a - (a % b)) / b;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

/** To the nearest whole number; from the middle to the even one (IEEE 754, roundTiesToEven). */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
