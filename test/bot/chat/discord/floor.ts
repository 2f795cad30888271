/** A trading floor for one test: the stand-in for Discord, the platform on it, and a handler that the test scripts. */
import { onTestFinished } from 'vitest';
import { discordPlatform } from '../../../../bot/chat/discord/index.ts';
import type {
  ChatHandler,
  Choice,
  IncomingCommand,
  IncomingCompletion,
  IncomingForm,
  IncomingPress,
  Platform,
  Responder,
} from '../../../../bot/chat/platform.ts';
import { action, type Command, defineCommand } from '../../../../commands/command.ts';
import { type Clock, systemClock } from '../../../../engine/clock.ts';
import type { Logger } from '../../../../engine/log.ts';
import { type FakeDiscord, fakeDiscord } from '../../../support/discord/index.ts';

type Answer<T> = (asked: T, responder: Responder) => Promise<void>;

/** Answers as the test says, and keeps what came in. */
export class ScriptedHandler implements ChatHandler {
  readonly commands: IncomingCommand[] = [];
  readonly presses: IncomingPress[] = [];
  readonly forms: IncomingForm[] = [];
  readonly completions: IncomingCompletion[] = [];
  /** What an answer threw, as the router would log it. */
  readonly failures: unknown[] = [];
  answerCommand: Answer<IncomingCommand> = async (command, responder) => {
    await responder.acknowledge('everyone');
    await responder.show({ text: [`heard ${JSON.stringify(command.input)}`] });
  };
  answerPress: Answer<IncomingPress> = async (press, responder) => {
    await responder.acknowledge('in-place');
    await responder.show({ text: [`pressed ${press.buttonId}`] });
  };
  answerForm: Answer<IncomingForm> = async (form, responder) => {
    await responder.acknowledge(form.onMessage ? 'in-place' : 'only-you');
    await responder.show({ text: [`filled in ${JSON.stringify(form.values)}`] });
  };
  choices: (completion: IncomingCompletion) => Promise<readonly Choice[]> = async () => [];

  async onCommand(command: IncomingCommand, responder: Responder): Promise<void> {
    this.commands.push(command);
    await this.answerCommand(command, responder).catch((thrown) => this.failures.push(thrown));
  }

  async onPress(press: IncomingPress, responder: Responder): Promise<void> {
    this.presses.push(press);
    await this.answerPress(press, responder).catch((thrown) => this.failures.push(thrown));
  }

  async onForm(form: IncomingForm, responder: Responder): Promise<void> {
    this.forms.push(form);
    await this.answerForm(form, responder).catch((thrown) => this.failures.push(thrown));
  }

  onCompletion(completion: IncomingCompletion): Promise<readonly Choice[]> {
    this.completions.push(completion);
    return this.choices(completion);
  }
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

export interface Floor {
  readonly discord: FakeDiscord;
  readonly platform: Platform;
  readonly handler: ScriptedHandler;
  readonly log: readonly LogLine[];
}

const run = async () => ({});

/** A command of every kind of option, one with subcommands, one with none. */
export const commands: readonly Command[] = [
  defineCommand({
    name: 'backtest',
    description: 'Runs a strategy on past prices',
    group: 'Backtests',
    body: {
      action: action({
        description: 'Runs a strategy on past prices',
        role: 'viewer',
        options: {
          strategy: { type: 'string', description: 'Which one', required: true, suggest: () => [] },
          mode: { type: 'choice', description: 'How', choices: ['fast', 'exact'] },
          cash: { type: 'number', description: 'To begin with', min: 1, max: 1e9, suggest: () => [] },
          lots: { type: 'integer', description: 'At most', min: 0 },
          short: { type: 'boolean', description: 'Also sell short' },
          from: { type: 'date', description: 'First day' },
          params: { type: 'pairs', description: 'Of the strategy' },
        },
        run,
      }),
    },
  }),
  defineCommand({
    name: 'plan',
    description: 'Strategies that run every day',
    group: 'Plans',
    body: {
      subcommands: {
        run: action({
          description: 'Runs a plan now',
          role: 'trader',
          options: { plan: { type: 'string', description: 'Which one', required: true } },
          run,
        }),
        list: action({ description: 'All plans', role: 'viewer', options: {}, run }),
      },
    },
  }),
  defineCommand({
    name: 'ping',
    description: 'Says that the desk is there',
    group: 'Overview',
    body: {
      action: action({ description: 'Says that the desk is there', role: 'viewer', options: {}, run }),
    },
  }),
];

interface FloorOptions {
  readonly discord?: FakeDiscord;
  readonly commands?: readonly Command[];
  readonly clock?: Clock;
  readonly token?: string;
  readonly guild?: string;
}

/** Everything connected and registered; taken down when the test is over. */
export async function openFloor(options: FloorOptions = {}): Promise<Floor> {
  const floor = await startFloor(options);
  const { discord, platform } = floor;
  const wanted = options.commands ?? commands;
  await discord.until(() => platform.status().state === 'ready', 'the bot');
  await discord.until(
    () => wanted.every(({ name }) => discord.commands.some((each) => each.name === name)),
    'its commands',
  );
  return floor;
}

/** Started, and nothing more. */
export async function startFloor(options: FloorOptions = {}): Promise<Floor> {
  const clock = options.clock ?? systemClock;
  const discord = options.discord ?? (await fakeDiscord({ clock }));
  const log: LogLine[] = [];
  const handler = new ScriptedHandler();
  const platform = discordPlatform({
    token: options.token ?? discord.token,
    guild: options.guild,
    commands: options.commands ?? commands,
    log: logInto(log),
    clock,
    rest: discord.rest,
  });
  onTestFinished(async () => {
    await platform.stop();
    await discord.close();
  });
  await platform.start(handler);
  return { discord, platform, handler, log };
}

function logInto(lines: LogLine[]): Logger {
  const at = (level: LogLine['level']) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
