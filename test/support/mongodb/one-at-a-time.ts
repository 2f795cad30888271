/**
 * Stands before FerretDB and lets one command through at a time.
 *
 * MongoDB changes a document in one step. FerretDB 1.24 reads it and then writes it, so of two clients that update the
 * same document at once both can win: compare-and-set would fail in tests for a fault that MongoDB does not have.
 *
 * A message on the wire begins with its length: four bytes, little-endian, counting themselves. Each request has one reply.
 */

import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

export interface Gate {
  readonly port: number;
  close(): void;
}

export async function oneAtATime(host: string, port: number): Promise<Gate> {
  let last: Promise<void> = Promise.resolve();
  const sockets = new Set<Socket>();

  const server = createServer((client) => {
    const upstream = connect(port, host);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
      socket.on('error', () => undefined); // followed by 'close'
    }

    let answered: () => void = () => undefined;
    upstream.once('close', () => answered());
    onMessage(upstream, (reply) => {
      client.write(reply);
      answered();
    });
    onMessage(client, (request) => {
      last = last.then(
        () =>
          new Promise((resolve) => {
            if (upstream.destroyed) return resolve();
            answered = resolve;
            upstream.write(request);
          }),
      );
    });
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function onMessage(socket: Socket, tell: (message: Buffer) => void): void {
  let pieces: Buffer[] = [];
  let size = 0;
  socket.on('data', (piece) => {
    pieces.push(Buffer.from(piece));
    size += piece.length;
    for (;;) {
      const head = pieces[0];
      if (head === undefined || size < 4) return;
      if (head.length < 4) pieces = [Buffer.concat(pieces)];
      const length = pieces[0]?.readInt32LE(0) ?? 0;
      if (size < length) return;
      const all = Buffer.concat(pieces);
      tell(all.subarray(0, length));
      const rest = all.subarray(length);
      pieces = rest.length > 0 ? [rest] : [];
      size = rest.length;
    }
  });
}
