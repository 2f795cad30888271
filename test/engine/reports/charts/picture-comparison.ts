/** Pictures as a phone shows them, and where two of them differ by more than another machine's rounding. */
import type { Picture } from './picture.ts';

/** Half as wide and as high; each pixel is the mean of four. */
export function halved(picture: Picture): Picture {
  const width = picture.width >> 1;
  const height = picture.height >> 1;
  const pixels = new Uint32Array(width * height).map((_, index) => {
    const [x, y] = [2 * (index % width), 2 * Math.floor(index / width)];
    const four = [
      picture.color(x, y),
      picture.color(x + 1, y),
      picture.color(x, y + 1),
      picture.color(x + 1, y + 1),
    ];
    const mean = (shift: number) => four.reduce((sum, color) => sum + ((color >> shift) & 255), 2) >> 2;
    return (mean(16) << 16) | (mean(8) << 8) | mean(0);
  });
  return pictureOf(width, height, pixels);
}

/** Levels of 255 by which a colour may be off where an edge is smoothed in another way. */
const smoothing = 40;
/** So many pixels may be off by more: far fewer than a letter of an axis has. */
export const fewPixels = 12;

export interface Difference {
  readonly pixels: number;
  /** What differs in white, upon the drawn picture in a quarter of its brightness. */
  readonly picture: Picture;
}

/** A picture of another size differs everywhere. */
export function differenceOf(drawn: Picture, expected: Picture): Difference {
  const { width, height } = drawn;
  const isSameSize = expected.width === width && expected.height === height;
  let pixels = 0;
  const shown = new Uint32Array(width * height).map((_, index) => {
    const [x, y] = [index % width, Math.floor(index / width)];
    const color = drawn.color(x, y);
    if (isSameSize && distance(color, expected.color(x, y)) <= smoothing) return (color >> 2) & 0x3f3f3f;
    pixels++;
    return 0xffffff;
  });
  return { pixels, picture: pictureOf(width, height, shown) };
}

/** The largest difference of a channel. */
function distance(one: number, other: number): number {
  return Math.max(...[16, 8, 0].map((shift) => Math.abs(((one >> shift) & 255) - ((other >> shift) & 255))));
}

function pictureOf(width: number, height: number, pixels: Uint32Array): Picture {
  return { width, height, color: (x, y) => pixels[y * width + x] ?? 0 };
}
