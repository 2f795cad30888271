/** Messages as they cross the socket: a length of four bytes, then fields that each end with a zero byte. */
import { Buffer } from 'node:buffer';

export type Field = string | number | boolean;

export function frame(fields: readonly Field[]): Buffer {
  const text = fields.map((field) => `${typeof field === 'boolean' ? Number(field) : field}\0`).join('');
  const body = Buffer.from(text, 'utf8');
  const head = Buffer.alloc(4);
  head.writeInt32BE(body.length);
  return Buffer.concat([head, body]);
}

/** Cuts a stream of bytes into messages. */
export class Frames {
  #bytes: Buffer = Buffer.alloc(0);

  /** The messages that are whole now. */
  take(bytes: Buffer): string[][] {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const messages: string[][] = [];
    // A client begins with a word outside of any frame.
    if (this.#bytes.subarray(0, 4).toString('latin1') === 'API\0') this.#bytes = this.#bytes.subarray(4);
    while (this.#bytes.length >= 4) {
      const length = this.#bytes.readInt32BE();
      if (this.#bytes.length < 4 + length) break;
      const body = this.#bytes.subarray(4, 4 + length).toString('utf8');
      this.#bytes = this.#bytes.subarray(4 + length);
      messages.push(body.endsWith('\0') ? body.slice(0, -1).split('\0') : body.split('\0'));
    }
    return messages;
  }
}
