/** Starts the program that the configuration names for it: arguments go to it as they are, past any shell. */
import { spawn } from 'node:child_process';
import { reasonOf } from '../../errors.ts';

export interface Launched {
  /** Resolves when it has ended, with one line about how, or undefined when it ended well. */
  readonly ended: Promise<string | undefined>;
  /** Ends it, where it still runs. */
  stop(): void;
}

export function launch([program = '', ...args]: readonly string[]): Launched {
  // It outlives the desk: TWS goes on when the desk is started anew.
  const child = spawn(program, args, { detached: true, stdio: 'ignore', shell: false });
  child.unref();
  return {
    ended: new Promise((resolve) => {
      child.once('error', (error) => resolve(`"${program}" could not be started: ${reasonOf(error)}`));
      child.once('exit', (code, signal) => {
        resolve(code === 0 ? undefined : `"${program}" ended with ${signal ?? `code ${code}`}`);
      });
    }),
    stop() {
      child.kill();
    },
  };
}
