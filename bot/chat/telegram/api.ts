/**
 * The Bot API as the rest of this folder sees it: one `call`, with a time limit, and errors of our own. telegraf is
 * known in this file only, so that another client can take its place.
 *
 * Of telegraf only the client is used, not its bot: its poll loop retries in silence, so a platform that is down
 * could not say so, and it gives up for good at a conflict.
 */
import { Telegram, TelegramError } from 'telegraf';
import type { Telegram as Methods, Opts } from 'telegraf/types';
import { reasonOf, UserError } from '../../../engine/errors.ts';
import { download, tooLarge } from '../download.ts';

export type { InlineKeyboardButton, Update } from 'telegraf/types';

/** Why a call did not end well. */
export type ApiFailure =
  /** Telegram answered no. `retryAfterS` comes with code 429, `movedTo` when a group got a new id. */
  | {
      readonly kind: 'refused';
      readonly code: number;
      readonly description: string;
      readonly retryAfterS?: number;
      readonly movedTo?: number;
    }
  /** No answer: whether Telegram did what was asked is not known. */
  | { readonly kind: 'unreachable' }
  /** We stopped waiting on purpose. */
  | { readonly kind: 'aborted' };

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly failure: ApiFailure;

  constructor(message: string, failure: ApiFailure) {
    super(message);
    this.failure = failure;
  }
}

export interface TelegramApi {
  /**
   * One request, tried once.
   * @throws ApiError
   */
  call<M extends keyof Methods>(
    method: M,
    payload: Opts<M>,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<ReturnType<Methods[M]>>;
  /**
   * A file that somebody sent to the bot. Telegram gives 20 MB at most.
   * @throws UserError when it is larger than `maxBytes`, or cannot be had
   */
  fetchFile(
    file: { readonly id: string; readonly name: string },
    options: { readonly maxBytes: number; readonly timeoutMs: number },
  ): Promise<Uint8Array>;
}

export function telegramApi(token: string, apiRoot = 'https://api.telegram.org'): TelegramApi {
  const client = new Telegram(token, { apiRoot });
  return {
    async fetchFile({ id, name }, { maxBytes, timeoutMs }) {
      let found: Awaited<ReturnType<Methods['getFile']>>;
      try {
        found = await this.call('getFile', { file_id: id }, { timeoutMs });
      } catch (thrown) {
        // Telegram says "file is too big" from 20 MB on.
        if (thrown instanceof ApiError && /too big/.test(thrown.message)) throw tooLarge(name, maxBytes);
        throw new UserError(`${name} could not be fetched (${reasonOf(thrown)}). Send it again.`);
      }
      if (found.file_path === undefined) {
        throw new UserError(
          `${name} could not be fetched: Telegram does not have it any more. Send it again.`,
        );
      }
      const place = found.file_path.split('/').map(encodeURIComponent).join('/');
      return download(`${apiRoot}/file/bot${token}/${place}`, { name, maxBytes });
    },
    async call(method, payload, { timeoutMs, signal }) {
      const controller = new AbortController();
      const abort = () => controller.abort();
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        abort();
      }, timeoutMs);
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted) abort();
      try {
        return await client.callApi(method, prepared(payload), { signal: controller.signal as ClientSignal });
      } catch (thrown) {
        if (signal?.aborted) throw new ApiError('stopped', { kind: 'aborted' });
        if (timedOut)
          throw new ApiError(`no answer to ${method} in ${timeoutMs} ms`, { kind: 'unreachable' });
        throw apiError(thrown);
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      }
    },
  };
}

/** telegraf types signals by a shim of 2018; Node's own are what its fetch takes. */
type ClientSignal = NonNullable<NonNullable<Parameters<Telegram['callApi']>[2]>['signal']>;

/**
 * With files in it a request is a form, and telegraf drops the objects of a form that it does not know. Telegram
 * takes them as JSON text in either case.
 */
function prepared<P extends object>(payload: P): P {
  if (!('reply_parameters' in payload)) return payload;
  return { ...payload, reply_parameters: JSON.stringify(payload.reply_parameters) };
}

function apiError(thrown: unknown): ApiError {
  if (thrown instanceof TelegramError) {
    const { code, description, parameters } = thrown;
    const failure: ApiFailure = {
      kind: 'refused',
      code,
      description,
      ...(parameters?.retry_after === undefined ? {} : { retryAfterS: parameters.retry_after }),
      ...(parameters?.migrate_to_chat_id === undefined ? {} : { movedTo: parameters.migrate_to_chat_id }),
    };
    // No cause: telegraf's error carries the whole request, files included.
    return new ApiError(`${code} ${description}`, failure);
  }
  // The address of every request contains the token, and telegraf's and node-fetch's messages contain the address.
  const reason = reasonOf(thrown).replace(/https?:\/\/\S+/g, 'the Bot API');
  return new ApiError(reason, { kind: 'unreachable' });
}
