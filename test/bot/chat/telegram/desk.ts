/** A platform that talks to a test's Telegram, and a handler whose commands the test writes. */
import { vi } from 'vitest';
import type {
  ChatHandler,
  IncomingCommand,
  IncomingPress,
  Message,
  Platform,
  Responder,
} from '../../../../bot/chat/platform.ts';
import { type TelegramOptions, telegramPlatform } from '../../../../bot/chat/telegram/index.ts';
import type { Pace } from '../../../../bot/chat/telegram/pace.ts';
import { systemClock } from '../../../../engine/clock.ts';
import { startTelegram, type TestTelegram } from '../../../support/telegram/index.ts';

type Answer = (responder: Responder, from: IncomingCommand | IncomingPress) => Promise<void> | void;

export interface TestDesk extends AsyncDisposable {
  readonly telegram: TestTelegram;
  readonly platform: Platform;
  readonly commands: readonly IncomingCommand[];
  readonly presses: readonly IncomingPress[];
  /** Lines of the log, with everything that was logged as text. */
  readonly log: readonly string[];
  /** What the desk does when this text is typed, or the button of this id is pressed. */
  on(what: string, answer: Answer): void;
  /** Waits until the platform is in this state. */
  becomes(state: ReturnType<Platform['status']>['state']): Promise<ReturnType<Platform['status']>>;
}

/** Short pauses, so that a test of retries takes moments; the limits stay Telegram's. */
export const quick: Partial<Pace> = {
  firstPauseMs: 5,
  longestPauseMs: 20,
  firstRetryMs: 5,
  pollSeconds: 1,
  requestMs: 2_000,
  stopMs: 500,
};

export async function openDesk(options: Partial<TelegramOptions> = {}): Promise<TestDesk> {
  const telegram = await startTelegram();
  const commands: IncomingCommand[] = [];
  const presses: IncomingPress[] = [];
  const answers = new Map<string, Answer>();
  const log: string[] = [];
  const write = (fields: object, message: string) => void log.push(`${message} ${JSON.stringify(fields)}`);
  const platform = telegramPlatform({
    token: telegram.token,
    apiRoot: telegram.apiRoot,
    commands: [],
    chatsByRole: () => new Map(),
    clock: systemClock,
    log: { debug: write, info: write, warn: write, error: write },
    pace: quick,
    ...options,
  });
  const handler: ChatHandler = {
    async onCommand(command, responder) {
      commands.push(command);
      await answers.get(command.input.kind === 'typed' ? command.input.text : '')?.(responder, command);
    },
    async onPress(press, responder) {
      presses.push(press);
      await answers.get(press.buttonId)?.(responder, press);
    },
    onForm: async () => undefined,
    onCompletion: async () => [],
  };
  await platform.start(handler);
  return {
    telegram,
    platform,
    commands,
    presses,
    log,
    on: (what, answer) => void answers.set(what, answer),
    async becomes(state) {
      return vi.waitUntil(() => platform.status().state === state && platform.status(), { timeout: 45_000 });
    },
    async [Symbol.asyncDispose]() {
      await platform.stop();
      await telegram.close();
    },
  };
}

/** Acknowledges and shows this message. */
export function answering(message: Message): Answer {
  return async (responder) => {
    await responder.acknowledge('everyone');
    await responder.show(message);
  };
}

/** A picture that Telegram takes for one: a PNG's signature and its size. */
export function png(width = 800, height = 600, filler = 0): Uint8Array {
  const data = Buffer.alloc(64, filler);
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(data);
  data.writeUInt32BE(width, 16);
  data.writeUInt32BE(height, 20);
  return data;
}

export const chart = { name: 'equity.png', type: 'image/png', data: png() } as const;
export const csv = {
  name: 'trades.csv',
  type: 'text/csv',
  data: Buffer.from('ticker,size\r\nSP500,1\r\n'),
} as const;
