/**
 * The login, which is a person's: the desk starts the configured program when it is asked to, and waits until TWS is there. It
 * never does so by itself, and knows no password.
 */
import { UserError } from '../../errors.ts';
import type { Login } from '../broker.ts';
import type { Launched } from './launch.ts';
import type { Line } from './line.ts';

export interface LoginParts {
  readonly name: string;
  readonly line: Line;
  readonly command: readonly string[] | undefined;
  readonly seconds: number;
  readonly launch: (command: readonly string[]) => Launched;
}

const lookMs = 1000;

export class IbLogin implements Login {
  readonly seconds: number;
  readonly #parts: LoginParts;
  #running: Promise<void> | undefined;

  constructor(parts: LoginParts) {
    this.#parts = parts;
    this.seconds = parts.seconds;
  }

  async begin(...[signal, tell]: Parameters<Login['begin']>): Promise<void> {
    if (this.#running) throw new UserError(`A login at ${this.#parts.name} is under way already.`);
    this.#running = this.#begin(signal, tell);
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  async #begin(...[signal, tell]: Parameters<Login['begin']>): Promise<void> {
    const { name, line, command, seconds, launch } = this.#parts;
    await line.connect();
    const state = () => line.status().state;
    if (state() !== 'needs-login') return;
    if (!command) {
      throw new UserError(
        `${line.status().why ?? `${name} needs a login.`} The desk can start it for you where brokers: ${name}: launch names a program.`,
      );
    }
    const program = launch(command);
    let ended: string | undefined;
    void program.ended.then((why) => {
      ended = why;
    });
    const begun = performance.now();
    for (;;) {
      if (state() === 'ready') return;
      if (ended !== undefined) throw new UserError(`${ended}. Look into its own log.`);
      const secondsLeft = Math.ceil(seconds - (performance.now() - begun) / 1000);
      if (signal.aborted) {
        program.stop();
        throw new UserError(`The login at ${name} was cancelled.`);
      }
      if (secondsLeft <= 0) {
        throw new UserError(
          `The login at ${name} was not confirmed within ${seconds} s. If the phone showed nothing, look at TWS; then /broker connect ${name} again.`,
        );
      }
      tell({ text: `Confirm the login on your phone: ${secondsLeft} s left.`, secondsLeft });
      line.trySoon();
      await pause(Math.min(lookMs, secondsLeft * 1000), signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
