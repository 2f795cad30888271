/**
 * A strategy and the engine as one compiled file, so that a worker thread starts in a fraction of the time: it needs neither
 * tsx (a thread of its own, on Node 20, in every thread) nor a hundred files.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface StrategyBundle {
  /** The file; null where the strategy must be loaded as it is. */
  readonly file: Promise<string | null>;
  /** Removes the file, once no thread needs it. */
  remove(): Promise<void>;
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** Of these a file that is somewhere else than it was would mean something else, or nothing. */
const boundToItsPlace = /\bimport\.meta\b|\bimport\s*\(|\brequire\s*\(|\b__(?:dir|file)name\b/;

/**
 * Compiles it. A strategy that does not compile, that uses packages of its own or asks where its file is, is not made
 * into one: loaded as it is, it runs, or fails with a message that says why.
 */
export function bundleStrategy(file: string): StrategyBundle {
  // Without a place to write to the strategy is loaded as it is: slower, and just as well.
  const folder = mkdtemp(path.join(tmpdir(), 'outcry-')).catch(() => null);
  const bundle = folder.then((place) =>
    place === null ? null : compile(file, path.join(place, 'strategy.mjs')),
  );
  return {
    file: bundle,
    async remove() {
      // Else the compiler might write after the folder is gone.
      await bundle;
      const place = await folder;
      if (place !== null) await rm(place, { recursive: true });
    },
  };
}

async function compile(file: string, outfile: string): Promise<string | null> {
  const entry = [
    `import { work } from ${JSON.stringify(here('./bundled-worker.ts'))};`,
    `await work(() => import(${JSON.stringify(file)}));`,
  ];
  try {
    const { metafile } = await build({
      stdin: { contents: entry.join('\n'), resolveDir: path.dirname(file) },
      outfile,
      absWorkingDir: path.dirname(file),
      alias: {
        outcry: here('./index.ts'),
        'outcry/trading-signals': here('../indicators/trading-signals.ts'),
      },
      ...{ bundle: true, format: 'esm', platform: 'node', target: `node${process.versions.node}` },
      ...{ sourcemap: 'inline', sourcesContent: false, metafile: true, logLevel: 'silent' },
    });
    const engine = here('../');
    const own = Object.keys(metafile.inputs)
      .filter((input) => input !== '<stdin>')
      .map((input) => path.resolve(path.dirname(file), input))
      .filter((input) => !input.startsWith(engine));
    for (const input of own) {
      if (input.split(path.sep).includes('node_modules')) return null;
      if (boundToItsPlace.test(await readFile(input, 'utf8'))) return null;
    }
    return outfile;
  } catch {
    // Whatever it is: loaded as it is, the strategy fails with it again, and with words for the user.
    return null;
  }
}
