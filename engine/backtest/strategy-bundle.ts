/**
 * A strategy and the engine compiled, as a text each, so that a worker thread starts in a fraction of the time: it needs
 * neither tsx (a thread of its own, on Node 20, in every thread) nor a hundred files. The engine's is made once in a process.
 */
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import * as outcry from './index.ts';

/** What `bundle-start.cjs` runs. */
export interface StrategyBundle {
  readonly engine: string;
  /** Sets `module.exports`, and requires the engine as `outcry`: `(module, require) => void`. */
  readonly strategy: string;
  /** What stacks call them. Neither is there. */
  readonly engineFile: string;
  readonly strategyFile: string;
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const engineFile = here('./compiled-engine.cjs');
// Not in the strategy's folder: a line that is in no file of the user's is no place of an error.
const strategyFile = here('./compiled-strategy.cjs');

/** Of these a file that is somewhere else than it was would mean something else, or nothing. */
const boundToItsPlace = /\bimport\.meta\b|\bimport\s*\(|\brequire\s*\(|\b__(?:dir|file)name\b/;
/** How the compiler writes what is used of the engine, after `import_outcry = require("outcry")`. */
const usedOfEngine = /\bimport_outcry\d*\.(\w+)/g;

const common = {
  ...{ bundle: true, write: false, metafile: true, format: 'cjs', platform: 'node', logLevel: 'silent' },
  target: `node${process.versions.node}`,
} satisfies BuildOptions;

/**
 * Compiles it. Null for a strategy that does not compile, that uses packages of its own, asks where its file is, or names
 * what the engine has not: loaded as it is, it runs, or fails with a message that says why.
 */
export async function bundleStrategy(file: string): Promise<StrategyBundle | null> {
  try {
    const [engine, strategy] = await Promise.all([engineText(), strategyText(file)]);
    return strategy === null ? null : { engine, strategy, engineFile, strategyFile };
  } catch {
    // Whatever it is: loaded as it is, the strategy fails with it again, and with words for the user.
    return null;
  }
}

let compiledEngine: Promise<string> | undefined;

/** The engine does not change while the process lives. */
function engineText(): Promise<string> {
  compiledEngine ??= build({
    ...common,
    entryPoints: [here('./bundled-worker.ts')],
    minifyWhitespace: true,
  }).then(({ outputFiles: [output] }) => output?.text ?? '');
  return compiledEngine;
}

async function strategyText(file: string): Promise<string | null> {
  const folder = path.dirname(file);
  const { metafile, outputFiles } = await build({
    ...common,
    entryPoints: [file],
    outfile: strategyFile,
    absWorkingDir: folder,
    external: ['outcry'],
    banner: { js: 'module.exports = (module, require) => {' },
    footer: { js: '};' },
    ...{ sourcemap: 'inline', sourcesContent: false },
  });
  const text = outputFiles[0]?.text ?? '';
  const isKnown = [...text.matchAll(usedOfEngine)].every(([, name = '']) => name in outcry);
  return isKnown && (await isSelfContained(metafile, folder)) ? text : null;
}

/** Its own files, and beside them nothing but Node's modules and the engine. */
async function isSelfContained({ inputs, outputs }: Metafile, folder: string): Promise<boolean> {
  const outside = Object.values(outputs).flatMap(({ imports }) => imports.map((each) => each.path));
  if (!outside.every((name) => name === 'outcry' || isBuiltin(name))) return false;
  for (const input of Object.keys(inputs)) {
    const place = path.resolve(folder, input);
    // A file of the engine's would be there twice: its classes would not be those of the engine.
    if (place.startsWith(here('../')) || place.split(path.sep).includes('node_modules')) return false;
    if (boundToItsPlace.test(await readFile(place, 'utf8'))) return false;
  }
  return true;
}
