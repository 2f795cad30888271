/**
 * Everything that is sent goes through here: one message at a time in a chat, chats side by side, no faster than
 * Telegram allows, and again when it did not get there.
 *
 * A message whose answer was lost is sent again, so it may appear twice: Telegram has no way to recognise
 * a repetition. Twice is better than never for what a trading desk has to say. Edits cannot double.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeliveryError } from '../platform.ts';
import { ApiError } from './api.ts';
import { deliveryError } from './failures.ts';
import { Meter, type Pace } from './pace.ts';

/** Whether something new appears in the chat, or something there changes. */
type Kind = 'message' | 'edit';

/** A turn in a chat: as long as the job runs, nothing else is sent there. */
export interface Turn {
  /** Waits until `count` messages may be sent in this chat. What is shown is best chosen after this. */
  ready(count: number, kind: Kind): Promise<void>;
  /**
   * Makes a request that counts as `count` messages, paced, and repeated as long as that makes sense.
   * @throws DeliveryError, or the ApiError of a refusal that the caller may know what to do with
   */
  send<T>(count: number, kind: Kind, request: () => Promise<T>): Promise<T>;
}

export interface SendQueue {
  /** Runs the job when all earlier ones of the chat are done. */
  enqueue<T>(chat: string, job: (turn: Turn) => Promise<T>): Promise<T>;
  /** Takes nothing new, and resolves when the rest is sent or `withinMs` are over; what is left then fails. */
  finish(withinMs: number): Promise<void>;
}

export function sendQueue(pace: Pace): SendQueue {
  const all = new Meter(pace.all);
  const lanes = new Map<string, Lane>();
  const stop = new AbortController();
  // Every chat that waits listens to it.
  setMaxListeners(0, stop.signal);
  let closed = false;

  const laneOf = (chat: string): Lane => {
    const known = lanes.get(chat);
    if (known !== undefined) return known;
    // Groups and channels have negative ids.
    const isGroup = chat.startsWith('-');
    const messages = [all, new Meter(pace.chat), ...(isGroup ? [new Meter(pace.group)] : [])];
    const edits = [...messages, ...(isGroup ? [new Meter(pace.groupEdits)] : [])];
    const lane: Lane = {
      meters: { message: messages, edit: edits },
      last: Promise.resolve(),
      blockedUntil: 0,
    };
    lanes.set(chat, lane);
    return lane;
  };

  return {
    enqueue(chat, job) {
      if (closed) return Promise.reject(stopping());
      const lane = laneOf(chat);
      const done = lane.last.then(() => {
        if (stop.signal.aborted) throw stopping();
        return job(turnIn(lane, chat, pace, stop.signal));
      });
      lane.last = done.then(ignore, ignore);
      return done;
    },
    async finish(withinMs) {
      closed = true;
      const given = new AbortController();
      const idle = Promise.all([...lanes.values()].map(({ last }) => last));
      await Promise.race([idle, sleep(withinMs, undefined, { signal: given.signal }).catch(ignore)]);
      given.abort();
      stop.abort();
    },
  };
}

interface Lane {
  readonly meters: Readonly<Record<Kind, readonly Meter[]>>;
  /** Settles when the latest job is done; never rejects. */
  last: Promise<void>;
  /** After a 429: nothing goes to this chat before. */
  blockedUntil: number;
}

/** When Telegram wants us quiet for longer than this, the sender is told instead of waiting in the queue. */
const longestQuietMs = 120_000;
const ignore = () => undefined;

function turnIn(lane: Lane, chat: string, pace: Pace, signal: AbortSignal): Turn {
  const ready = async (count: number, kind: Kind) => {
    for (;;) {
      if (signal.aborted) throw stopping();
      const now = performance.now();
      const quietMs = lane.blockedUntil - now;
      if (quietMs > longestQuietMs) {
        const seconds = Math.ceil(quietMs / 1000);
        throw new DeliveryError(
          `Telegram takes nothing for chat ${chat} for ${seconds} s: too much was sent there`,
          {
            retryable: true,
          },
        );
      }
      const waitMs = Math.max(quietMs, ...lane.meters[kind].map((meter) => meter.waitMs(count, now)));
      if (waitMs <= 0) return;
      await sleep(Math.ceil(waitMs), undefined, { signal }).catch(() => {
        throw stopping();
      });
    }
  };

  return {
    ready,
    async send(count, kind, request) {
      let unanswered = 0;
      for (;;) {
        await ready(count, kind);
        const sent = lane.meters[kind].map((meter) => meter.take(count, performance.now()));
        try {
          return await request();
        } catch (thrown) {
          if (!(thrown instanceof ApiError)) throw thrown;
          const { failure } = thrown;
          if (failure.kind === 'refused' && failure.code === 429) {
            // Waited for in `ready`, by everything that goes to this chat.
            lane.blockedUntil = performance.now() + (failure.retryAfterS ?? 1) * 1000;
            continue;
          }
          if (failure.kind === 'refused' && failure.code < 500) throw thrown;
          unanswered += 1;
          if (failure.kind === 'aborted' || unanswered >= pace.tries) throw deliveryError(thrown, chat);
          await sleep(pace.firstRetryMs * 2 ** (unanswered - 1), undefined, { signal }).catch(() => {
            throw deliveryError(thrown, chat);
          });
        } finally {
          for (const answered of sent) answered(performance.now());
        }
      }
    },
  };
}

function stopping(): DeliveryError {
  return new DeliveryError('Telegram is being stopped: the message waits until it runs again', {
    retryable: true,
  });
}
