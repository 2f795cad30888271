/**
 * How the desk starts anew. Where something watches over it (systemd, Docker, a script) it ends with a status of its own,
 * and is started again from outside. Elsewhere it starts its successor itself, on the same terminal, and stays only to
 * wait for it: so `/restart` never leaves a machine without its desk.
 */
import { spawn } from 'node:child_process';

/** EX_TEMPFAIL of sysexits.h: try again. */
export const restartStatus = 75;
/** Set by whoever starts the desk again when it ends with that status. */
export const supervisedVariable = 'OUTCRY_SUPERVISED';

export interface Start {
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What this process was started with. */
export function sameStart(): Start {
  return {
    command: [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    environment: process.env,
  };
}

/**
 * Starts the desk, and again whenever it ends because it was asked to start anew. Signals are handed on.
 * @returns the status with which it ended at last
 */
export async function keepStarting({ command: [program, ...args], environment }: Start): Promise<number> {
  for (;;) {
    const status = await new Promise<number>((resolve, reject) => {
      const child = spawn(program, args, {
        stdio: 'inherit',
        env: { ...environment, [supervisedVariable]: 'yes' },
      });
      const handOn = (signal: NodeJS.Signals) => void child.kill(signal);
      // Ctrl+C reaches everything on the terminal by itself; this process only has to survive it.
      const ignore = () => undefined;
      process.on('SIGTERM', handOn).on('SIGINT', ignore);
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        process.off('SIGTERM', handOn).off('SIGINT', ignore);
        resolve(code ?? (signal === null ? 1 : 128));
      });
    });
    if (status !== restartStatus) return status;
  }
}
