import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { UserError } from '../../../engine/errors.ts';
import { openMongoStore } from '../../../engine/store/mongo/store.ts';
import { defineCollection, StoreError } from '../../../engine/store/store.ts';
import { mongoServer } from '../../support/mongodb/server.ts';

const server = await mongoServer();

/** A way to the server that can be cut and mended. */
class Cable {
  #sockets = new Set<Socket>();
  #listener: Server | undefined;
  #port = 0;

  async mend(): Promise<string> {
    const { hostname, port } = new URL(server?.uri ?? '');
    const listener = createServer((client) => {
      const upstream = connect(Number(port), hostname);
      client.pipe(upstream).pipe(client);
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
      }
    });
    listener.listen(this.#port, '127.0.0.1');
    await once(listener, 'listening');
    this.#port = (listener.address() as AddressInfo).port;
    this.#listener = listener;
    return `mongodb://127.0.0.1:${this.#port}/`;
  }

  cut(): void {
    this.#listener?.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}

describe.skipIf(server === undefined)('the store on MongoDB, when things go wrong', () => {
  const cable = new Cable();
  afterEach(() => cable.cut());

  it('says within seconds, and without the password, that no server is there', async () => {
    const uri = await cable.mend();
    cable.cut();
    const opening = openMongoStore({ uri: uri.replace('//', '//desk:pa55word@'), database: 'outcry' });
    await expect(opening).rejects.toThrow(StoreError);
    const error = (await opening.catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toMatch(/^the store on MongoDB at 127\.0\.0\.1:\d+\/outcry failed: [^\n]+$/);
    expect(error.message).not.toContain('pa55word');
  });

  it('acknowledges nothing while the server is away, and goes on when it is back', async () => {
    const store = await openMongoStore({ uri: await cable.mend(), database: server?.database() ?? '' });
    const signals = await store.collection(defineCollection('signals'));
    await signals.insert({ _id: 'before' });

    cable.cut();
    await expect(
      signals.insert({ _id: 'away' }),
      'an alert that is acknowledged now is lost',
    ).rejects.toThrow(StoreError);
    await expect(store.ping()).rejects.toThrow(StoreError);

    await cable.mend();
    await store.ping();
    await signals.insert({ _id: 'after' });
    expect((await signals.find()).map(({ _id }) => _id)).toEqual(['after', 'before']);
    await store.database.dropDatabase();
    await store.close();
  }, 40_000);

  it.each([
    'mongodb://desk:pa55word@',
    'mongodb://desk:pa55word@host:notaport/',
    'mongodb://desk:pa55word@host/?w=what&w=when&authMechanism=none',
  ])('says that the address is not right, without the password: %s', async (uri) => {
    const opening = openMongoStore({ uri, database: 'outcry' });
    await expect(opening).rejects.toThrow(UserError);
    await expect(opening).rejects.toThrow(
      /^the address of the store \([^\n]*\) is not right: (?!.*pa55word)[^\n]+$/,
    );
  });
});
