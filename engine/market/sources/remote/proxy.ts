/**
 * `fetch` through an HTTP proxy: Node 20's own cannot. For https a tunnel is opened (CONNECT, RFC 9110, 9.3.6), so that the
 * proxy sees the host and nothing else; for http the proxy is asked for the whole address.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { Fetch, FetchAnswer } from '../adapter.ts';

const mostBytes = 256 * 1024 * 1024;

export function throughProxy(address: string): Fetch {
  const proxy = new URL(address);
  const { username, password } = proxy;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const login: Readonly<Record<string, string>> =
    username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
  const way = { host: proxy.hostname, port: Number(proxy.port) || 80, agent: false } as const;

  return async (url, { headers, signal }) => {
    const target = new URL(url);
    const wanted = { ...headers, host: target.host };
    if (target.protocol === 'http:') {
      return answerTo(httpRequest({ ...way, path: url, headers: { ...wanted, ...login }, signal }));
    }
    const tunnel = await openTunnel(`${target.hostname}:${target.port || 443}`);
    const socket = tlsConnect({ socket: tunnel, servername: target.hostname });
    const path = `${target.pathname}${target.search}`;
    const request = httpsRequest({ createConnection: () => socket, path, headers: wanted, signal });
    return answerTo(request).finally(() => socket.destroy());

    function openTunnel(to: string): Promise<Socket> {
      return new Promise((resolve, reject) => {
        const opening = httpRequest({
          ...way,
          method: 'CONNECT',
          path: to,
          headers: { host: to, ...login },
          signal,
        });
        opening.once('connect', (answer, connection) => {
          if (answer.statusCode === 200) return resolve(connection);
          connection.destroy();
          reject(new Error(`the proxy ${proxy.host} refused the way to ${to}: ${answer.statusCode}`));
        });
        opening.once('response', (answer) => {
          answer.destroy();
          reject(new Error(`the proxy ${proxy.host} refused the way to ${to}: ${answer.statusCode}`));
        });
        opening.once('error', reject);
        opening.end();
      });
    }
  };
}

function answerTo(request: ReturnType<typeof httpRequest>): Promise<FetchAnswer> {
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response) => {
      readAll(response).then((text) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: { get: (name) => firstOf(response.headers[name]) },
          text: async () => text,
        });
      }, reject);
    });
    request.end();
  });
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error('the answer has no end');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function firstOf(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}
