/**
 * Bytes of TWS that cannot be read end the connection, and not the process.
 *
 * The client library reads inside its socket's handler: what it throws there nobody could catch, and a length below zero
 * would be read for ever. It has no door for this, so that its two functions are wrapped on the one object that
 * is used; its version is fixed, and one that is made otherwise is refused.
 */
import type { Buffer } from 'node:buffer';
import { reasonOf } from '../../errors.ts';

interface Reader {
  onData(bytes: Buffer): void;
  /** One message, without its length. */
  onMessage(text: string): void;
}

/**
 * Before it connects.
 *
 * @param api the client library's face of one connection
 * @param broken hears why something could not be read; nothing more of what came with it is read
 */
export function endAtTheUnreadable(api: object, broken: (reason: string) => void): void {
  const reader = readerOf(api);
  const { onData, onMessage } = reader;
  let over = false;
  reader.onMessage = (text) => {
    if (text === '') throw new Error('it had no length');
    onMessage.call(reader, text);
  };
  reader.onData = (bytes) => {
    if (over) return;
    try {
      onData.call(reader, bytes);
    } catch (error) {
      over = true;
      broken(reasonOf(error));
    }
  };
}

/** The message that the library found cut off, which it only mentions; undefined when it mentions something else. */
export function cutMessage({ message }: Error): string | undefined {
  const [, what] = /^Underrun error on (\w+)/.exec(message) ?? [];
  return what;
}

function readerOf(api: object): Reader {
  const { controller } = api as { readonly controller?: { readonly socket?: Partial<Reader> } };
  const socket = controller?.socket;
  if (typeof socket?.onData !== 'function' || typeof socket.onMessage !== 'function') {
    throw new Error('this version of @stoqey/ib reads elsewhere than the one that was wrapped');
  }
  return socket as Reader;
}
