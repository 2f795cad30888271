/** A script compiled to one file, so that its process needs neither TypeScript nor any other file of the desk. */
import path from 'node:path';
import { build } from 'esbuild';
import { describeFailure } from '../backtest/strategy-problem.ts';
import { UserError } from '../errors.ts';

/**
 * With what it imports from files beside it and from packages that are installed. Its errors still name its own lines.
 * @param outfile where it will be written, from where its lines are found
 * @throws UserError with the line when it does not compile
 */
export async function compileScript(file: string, outfile: string): Promise<string> {
  try {
    const { outputFiles } = await build({
      ...{
        entryPoints: [file],
        outfile,
        absWorkingDir: path.dirname(file),
        write: false,
        logLevel: 'silent',
      },
      ...{ bundle: true, format: 'esm', platform: 'node', target: `node${process.versions.node}` },
      ...{ sourcemap: 'inline', sourcesContent: true },
    });
    return outputFiles[0]?.text ?? '';
  } catch (error) {
    throw new UserError(describeFailure(error, file), { cause: error });
  }
}
