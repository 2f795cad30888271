/**
 * Every kind of chart as it is meant to look: drawn anew, and compared with the picture that is committed. After a
 * change that was meant, look at what it did and renew them: `RENEW_PICTURES=1 npx vitest run pictures`.
 */
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../../../engine/log.ts';
import { chartRenderer } from '../../../../engine/reports/charts/renderer.ts';
import { decodePng, encodePng, type Picture } from './picture.ts';
import { differenceOf, fewPixels, halved } from './picture-comparison.ts';
import { pictures } from './picture-requests.ts';

const renderer = chartRenderer({ log: silentLog });
afterAll(() => renderer.close());

const folder = fileURLToPath(new URL('./pictures/', import.meta.url));
const isRenewing = process.env['RENEW_PICTURES'] === '1';
const all = Object.entries(pictures).flatMap(([, named]) => Object.entries(named));

async function compare(name: string, drawn: Picture): Promise<void> {
  const expected = decodePng(await readFile(join(folder, `${name}.png`)));
  const { pixels, picture } = differenceOf(drawn, expected);
  if (pixels <= fewPixels) return;
  const shown = await mkdtemp(join(tmpdir(), 'outcry-pictures-'));
  await writeFile(join(shown, `${name}.png`), encodePng(drawn));
  await writeFile(join(shown, `${name}.difference.png`), encodePng(picture));
  throw new Error(
    `${name} is not the committed picture: ${pixels} pixels differ. Both are in ${shown}; RENEW_PICTURES=1 renews it.`,
  );
}

describe('a chart looks as it did', () => {
  it.each(all)('%s', { timeout: 120_000 }, async (name, draw) => {
    const drawn = halved(decodePng((await draw(renderer)).data));
    if (isRenewing) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, `${name}.png`), encodePng(drawn));
    }
    await compare(name, drawn);
  });

  it('every kind of chart has a picture, and every picture is drawn', async () => {
    const kinds = Object.keys(renderer).filter((name) => name !== 'close');
    const shown = Object.entries(pictures).flatMap(([kind, named]) =>
      Object.keys(named).length > 0 ? [kind] : [],
    );
    expect(shown.toSorted(), 'a kind of chart has no picture').toEqual(kinds.toSorted());
    const files = (await readdir(folder)).toSorted();
    expect(files).toEqual(all.map(([name]) => `${name}.png`).toSorted());
  });
});

describe('the comparison', () => {
  const flat = (color: number, odd = 0, oddColor = color): Picture => ({
    width: 20,
    height: 20,
    color: (x, y) => (y * 20 + x < odd ? oddColor : color),
  });

  it('lets an edge be smoothed in another way, and a few pixels differ', () => {
    expect(differenceOf(flat(0x808080), flat(0x909090)).pixels).toBe(0);
    expect(differenceOf(flat(0, fewPixels, 0xffffff), flat(0)).pixels).toBe(fewPixels);
  });

  it('sees another colour, of one channel too, and another size', () => {
    expect(differenceOf(flat(0x27c9a0), flat(0xff7a52)).pixels).toBe(400);
    expect(differenceOf(flat(0x000000), flat(0x000040)).pixels).toBe(400);
    expect(differenceOf(flat(0), { ...flat(0), width: 19 }).pixels).toBe(400);
  });

  it('refuses a committed picture whose marks have moved, and says where to look', async () => {
    const [name = ''] = all[0] ?? [];
    const committed = decodePng(await readFile(join(folder, `${name}.png`)));
    const moved: Picture = { ...committed, color: (x, y) => committed.color(Math.max(0, x - 1), y) };
    await expect(compare(name, moved)).rejects.toThrow(/pixels differ. Both are in .*outcry-pictures-/);
  });
});
