/** A PNG as pixels, decoded by hand so that what is tested is the file and not the library that wrote it. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** `0xrrggbb` */
  color(x: number, y: number): number;
}

export const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Eight bits a channel, RGB or RGBA, not interlaced: https://www.w3.org/TR/png-3/ (sections 7.2, 9 and 11). */
export function decodePng(data: Uint8Array): Picture {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const compressed: Uint8Array[] = [];
  let header = { width: 0, height: 0, channels: 0 };
  for (let offset = pngSignature.length; offset < data.length; ) {
    const length = view.getUint32(offset);
    const type = String.fromCharCode(...data.subarray(offset + 4, offset + 8));
    const start = offset + 8;
    if (type === 'IHDR') {
      const [depth, colorType, , , interlaced] = data.subarray(start + 8, start + 13);
      const channels = colorType === 2 ? 3 : 4;
      if (depth !== 8 || (colorType !== 2 && colorType !== 6) || interlaced !== 0) {
        throw new Error(`this test reads no PNG of depth ${depth}, colour type ${colorType}`);
      }
      header = { width: view.getUint32(start), height: view.getUint32(start + 4), channels };
    }
    if (type === 'IDAT') compressed.push(data.subarray(start, start + length));
    offset = start + length + 4;
  }
  const { width, height, channels } = header;
  const pixels = unfiltered(inflateSync(Buffer.concat(compressed)), width * channels, height, channels);
  return {
    width,
    height,
    color(x, y) {
      const at = (y * width + x) * channels;
      const [red = 0, green = 0, blue = 0] = [pixels[at], pixels[at + 1], pixels[at + 2]];
      return (red << 16) | (green << 8) | blue;
    },
  };
}

/** As a PNG without filters, eight bits a channel, RGB: the smallest that `decodePng` reads. */
export function encodePng({ width, height, color }: Picture): Uint8Array {
  const raw = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) raw.writeUIntBE(color(x, y), y * (1 + 3 * width) + 1 + 3 * x, 3);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const chunks = [
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(raw, { level: 9 })),
    chunk('IEND', new Uint8Array(0)),
  ];
  return Buffer.concat([Uint8Array.from(pngSignature), ...chunks]);
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

export interface Region {
  readonly left?: number;
  readonly right?: number;
  readonly top?: number;
  readonly bottom?: number;
}

/** How many pixels of a region have exactly this colour, `#rrggbb`. */
export function countColor(picture: Picture, color: string, region: Region = {}): number {
  const { left = 0, right = picture.width, top = 0, bottom = picture.height } = region;
  const wanted = Number.parseInt(color.slice(1), 16);
  let count = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) if (picture.color(x, y) === wanted) count++;
  }
  return count;
}

/** Whether two pictures are the same in a region. */
export function sameRegion(one: Picture, other: Picture, region: Required<Region>): boolean {
  for (let y = region.top; y < region.bottom; y++) {
    for (let x = region.left; x < region.right; x++) if (one.color(x, y) !== other.color(x, y)) return false;
  }
  return true;
}

function unfiltered(raw: Uint8Array, rowLength: number, rows: number, channels: number): Uint8Array {
  const pixels = new Uint8Array(rowLength * rows);
  for (let row = 0; row < rows; row++) {
    const filter = raw[row * (rowLength + 1)] ?? 0;
    for (let index = 0; index < rowLength; index++) {
      const value = raw[row * (rowLength + 1) + 1 + index] ?? 0;
      const here = row * rowLength + index;
      const left = index >= channels ? (pixels[here - channels] ?? 0) : 0;
      const above = row > 0 ? (pixels[here - rowLength] ?? 0) : 0;
      const corner = row > 0 && index >= channels ? (pixels[here - rowLength - channels] ?? 0) : 0;
      pixels[here] = value + predicted(filter, left, above, corner);
    }
  }
  return pixels;
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const estimate = left + above - corner;
  const distances = [left, above, corner].map((value) => Math.abs(estimate - value));
  const nearest = Math.min(...distances);
  return [left, above, corner][distances.indexOf(nearest)] ?? 0;
}
