/**
 * Fetches updates for as long as the platform runs. Whatever goes wrong is a state with a line that says what to do,
 * and another attempt after a pause that grows; nothing here ends the process.
 *
 * Telegram keeps updates until the next request confirms them. They are handed over before, so an update is lost
 * only if the process is killed with it at hand, and arrives twice only if it is killed in the moment between.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../engine/clock.ts';
import { reasonOf } from '../../../engine/errors.ts';
import type { Logger } from '../../../engine/log.ts';
import { ApiError, type TelegramApi, type Update } from './api.ts';
import { isTokenRefused, says, tokenRefused } from './failures.ts';
import type { Pace } from './pace.ts';
import { wantedUpdates } from './updates.ts';

export interface Bot {
  readonly username: string;
}

export interface Poller {
  /** Polls until `stop`. Never rejects. */
  run(): Promise<void>;
  /** Hands nothing more over, and confirms what was, so that it does not come again at the next start. */
  stop(): Promise<void>;
}

export interface PollerEvents {
  /** Must return at once: nothing is fetched meanwhile. */
  update(update: Update, bot: Bot, pressedAfter: Date): void;
  /** `connecting` and `down` come with why. */
  state(state: 'ready' | 'connecting' | 'down', why?: string): void;
}

export function poller(parts: {
  readonly api: TelegramApi;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: PollerEvents;
}): Poller {
  const { api, pace, clock, log, events } = parts;
  const stopping = new AbortController();
  let offset = 0;
  let confirmed = 0;
  let running: Promise<void> = Promise.resolve();

  const getUpdates = async (seconds: number, limit: number, signal?: AbortSignal) => {
    const updates = await api.call(
      'getUpdates',
      { offset, limit, timeout: seconds, allowed_updates: wantedUpdates },
      { timeoutMs: seconds * 1000 + pace.requestMs, ...(signal === undefined ? {} : { signal }) },
    );
    confirmed = offset;
    return updates;
  };

  const poll = async () => {
    const { signal } = stopping;
    let bot: Bot | undefined;
    let failures = 0;
    /** The latest request went well. */
    let proven = false;
    /** All that Telegram held for us was fetched at this moment; before the first time nothing is known. */
    let fetchedAllAt = new Date(0);
    /** The last answer left nothing behind, and we came back at once: what arrives now is new. */
    let upToDate = false;
    let contested = false;

    while (!signal.aborted) {
      try {
        if (bot === undefined) {
          const me = await api.call('getMe', {}, { timeoutMs: pace.requestMs, signal });
          bot = { username: me.username };
        }
        // At first and after a failure Telegram is asked not to hold the request, so that the state is known at
        // once. Whether another instance is polling shows only in a request that is held.
        const seconds = proven || contested ? pace.pollSeconds : 0;
        const updates = await getUpdates(seconds, batch, signal);
        proven = true;
        failures = 0;
        contested = false;
        events.state('ready');

        const now = clock.now();
        const pressedAfter = upToDate ? now : fetchedAllAt;
        upToDate = updates.length < batch;
        if (upToDate) fetchedAllAt = now;
        for (const update of updates) {
          offset = update.update_id + 1;
          events.update(update, bot, pressedAfter);
        }
      } catch (thrown) {
        if (signal.aborted) return;
        proven = false;
        upToDate = false;
        failures += 1;
        const { state, why, retryAfterMs } = diagnosis(thrown);
        contested = says(thrown, 'terminated by other getUpdates');
        if (thrown instanceof ApiError && isTokenRefused(thrown)) bot = undefined;
        if (says(thrown, 'webhook is active')) await removeWebhook();
        events.state(state, why);
        const growing = Math.min(pace.longestPauseMs, pace.firstPauseMs * 2 ** Math.min(failures - 1, 20));
        await sleep(Math.max(growing, retryAfterMs), undefined, { signal }).catch(() => undefined);
      }
    }
  };

  /** Another program had the updates sent to itself; Telegram gives them either there or here. */
  const removeWebhook = async () => {
    log.warn({}, 'Telegram sends the updates of this bot to a webhook; removing it, since the desk polls');
    await api
      .call('deleteWebhook', { drop_pending_updates: false }, { timeoutMs: pace.requestMs })
      .catch((thrown) => log.warn({ reason: reasonOf(thrown) }, 'the webhook could not be removed'));
  };

  return {
    run() {
      running = poll();
      return running;
    },
    async stop() {
      stopping.abort();
      await running;
      if (offset === confirmed) return;
      // Else the command that stopped the desk would be the first one after its next start.
      await getUpdates(0, 1).catch((thrown) =>
        log.warn(
          { reason: reasonOf(thrown) },
          'Telegram did not hear which updates are done; it may send them again',
        ),
      );
    },
  };
}

/** Telegram's own limit for one answer. */
const batch = 100;

function diagnosis(thrown: unknown): { state: 'connecting' | 'down'; why: string; retryAfterMs: number } {
  if (!(thrown instanceof ApiError)) return { state: 'down', why: reasonOf(thrown), retryAfterMs: 0 };
  const { failure } = thrown;
  if (isTokenRefused(thrown)) return { state: 'down', why: tokenRefused, retryAfterMs: 0 };
  if (failure.kind !== 'refused') {
    return {
      state: 'connecting',
      why: `Telegram cannot be reached (${thrown.message}): trying again; check the network of this machine`,
      retryAfterMs: 0,
    };
  }
  if (says(thrown, 'webhook is active')) {
    return {
      state: 'connecting',
      why: 'the bot has a webhook, which is being removed: trying again',
      retryAfterMs: 0,
    };
  }
  if (failure.code === 409) {
    return {
      state: 'down',
      why: 'Telegram: another instance is polling with this bot token: stop it, or give each desk a bot of its own',
      retryAfterMs: 0,
    };
  }
  if (failure.code === 429 || failure.code >= 500) {
    const retryAfterMs = (failure.retryAfterS ?? 0) * 1000;
    return { state: 'connecting', why: `Telegram is busy (${thrown.message}): trying again`, retryAfterMs };
  }
  return {
    state: 'down',
    why: `Telegram refuses to give updates (${failure.description}): trying again`,
    retryAfterMs: 0,
  };
}
