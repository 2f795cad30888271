/**
 * Messages go out as they are written. The client library leaves Nagle's algorithm (RFC 896) on: the second of two short
 * messages, such as a stop loss behind its entry, waits until TWS has acknowledged the first, which may take 40 ms.
 *
 * The library has no door for this; where it is made otherwise, its messages go out as they did.
 */

/** @param api the client library's face of one connection, which is connected */
export function sendAtOnce(api: object): void {
  const { controller } = api as {
    readonly controller?: { readonly socket?: { readonly client?: { setNoDelay?(on: boolean): unknown } } };
  };
  controller?.socket?.client?.setNoDelay?.(true);
}
