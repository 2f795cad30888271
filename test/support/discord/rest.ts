/** Discord's REST API, as far as the desk uses it: each route with its check and what it does to the world. */
import type { IncomingMessage } from 'node:http';
import { type BodyKind, descriptionProblems } from './checks.ts';
import { invalidBody, Refusal, threadArchived, unauthorized, unknownWebhook } from './errors.ts';
import type { Body, CommandBody, MessageBody, ModalBody, UploadedFile } from './shapes.ts';
import { wireChannel, wireCommand, wireMessage } from './wire.ts';
import type { StoredInteraction, World } from './world.ts';

export interface ReceivedBody {
  readonly body: Body;
  readonly files: readonly UploadedFile[];
}

interface Route {
  readonly method: string;
  /** `:name` stands for a part that the handler is given. */
  readonly path: string;
  /** Which description the body has to follow. */
  readonly body?: BodyKind;
  /** An interaction's token stands in the path: then the bot's is not asked for. */
  readonly open?: true;
  handle(world: World, parts: Readonly<Record<string, string>>, received: ReceivedBody): unknown;
}

/** Nothing to answer with: 204. */
const nothing = undefined;

const routes: readonly Route[] = [
  ...commandRoutes('/applications/:application/commands'),
  ...commandRoutes('/applications/:application/guilds/:guild/commands'),
  {
    method: 'POST',
    path: '/interactions/:interaction/:token/callback',
    open: true,
    handle: (world, parts, received) => acknowledge(world, parts, received),
  },
  {
    method: 'POST',
    path: '/webhooks/:application/:token',
    body: 'createFollowUp',
    open: true,
    handle(world, parts, { body, files }) {
      const interaction = world.byToken(part(parts, 'token'));
      return wireMessage(world, world.followUp(interaction, body as MessageBody, files));
    },
  },
  {
    method: 'PATCH',
    path: '/webhooks/:application/:token/messages/:message',
    body: 'editFollowUp',
    open: true,
    handle(world, parts, { body, files }) {
      const interaction = world.byToken(part(parts, 'token'));
      const message = world.answerOf(interaction, part(parts, 'message'));
      world.edit(message, body as MessageBody, files);
      return wireMessage(world, message);
    },
  },
  {
    method: 'DELETE',
    path: '/webhooks/:application/:token/messages/:message',
    open: true,
    handle(world, parts) {
      const interaction = world.byToken(part(parts, 'token'));
      world.answerOf(interaction, part(parts, 'message')).deleted = true;
      return nothing;
    },
  },
  {
    method: 'POST',
    path: '/users/@me/channels',
    body: 'openDirectChannel',
    handle(world, _parts, { body }) {
      return wireChannel(world, world.directChannel(String(body['recipient_id'])));
    },
  },
  {
    method: 'GET',
    path: '/channels/:channel',
    handle: (world, parts) => wireChannel(world, world.channel(part(parts, 'channel'))),
  },
  {
    method: 'PATCH',
    path: '/channels/:channel',
    body: 'changeThread',
    handle: (world, parts, { body }) =>
      wireChannel(world, world.changeThread(world.channel(part(parts, 'channel')), body)),
  },
  {
    method: 'GET',
    path: '/guilds/:guild/threads/active',
    handle: (world) => ({
      threads: [...world.channels.values()]
        .filter(({ parent, archived }) => parent && !archived)
        .map((thread) => wireChannel(world, thread)),
      members: [],
    }),
  },
  {
    method: 'POST',
    path: '/channels/:channel/threads',
    body: 'openThread',
    handle: (world, parts, { body }) =>
      wireChannel(world, world.openThread(world.channel(part(parts, 'channel')), String(body['name']))),
  },
  {
    method: 'POST',
    path: '/channels/:channel/messages',
    body: 'createMessage',
    handle(world, parts, { body, files }) {
      const channel = world.channel(part(parts, 'channel'));
      return wireMessage(world, world.post(channel, body as MessageBody, files));
    },
  },
  {
    method: 'PATCH',
    path: '/channels/:channel/messages/:message',
    body: 'editMessage',
    handle(world, parts, { body, files }) {
      const channel = world.channel(part(parts, 'channel'));
      if (channel.archived) throw threadArchived();
      const message = world.message(channel, part(parts, 'message'));
      world.edit(message, body as MessageBody, files);
      return wireMessage(world, message);
    },
  },
  {
    method: 'DELETE',
    path: '/channels/:channel/messages/:message',
    handle(world, parts) {
      world.message(world.channel(part(parts, 'channel')), part(parts, 'message')).deleted = true;
      return nothing;
    },
  },
];

/**
 * Does what a request asks for, and returns what to answer with.
 * @throws Refusal as Discord would
 */
export function serve(
  world: World,
  request: {
    readonly method: string;
    readonly path: string;
    readonly authorized: boolean;
    readonly received: ReceivedBody;
  },
): unknown {
  for (const route of routes) {
    const parts = route.method === request.method ? match(route.path, request.path) : undefined;
    if (!parts) continue;
    if (!route.open && !request.authorized) throw unauthorized();
    if (parts['application'] !== undefined && parts['application'] !== world.applicationId) {
      throw route.open ? unknownWebhook() : new Refusal(404, 10002, 'Unknown Application');
    }
    if (parts['guild'] !== undefined && parts['guild'] !== world.guildId) {
      throw new Refusal(403, 50001, 'Missing Access');
    }
    if (route.body) checkBody(route.body, request.received.body);
    return route.handle(world, parts, request.received);
  }
  throw new Refusal(
    404,
    0,
    `404: Not Found (the stand-in for Discord has no ${request.method} ${request.path})`,
  );
}

/** JSON, or a form with `payload_json` and `files[n]`. */
export async function receiveBody(request: IncomingMessage): Promise<ReceivedBody> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  const type = request.headers['content-type'] ?? '';
  if (raw.length === 0) return { body: {}, files: [] };
  if (type.startsWith('application/json')) return { body: JSON.parse(raw.toString()), files: [] };
  if (!type.startsWith('multipart/form-data')) throw new Refusal(400, 50035, `Content-Type "${type}"`);

  const form = await new Response(raw, { headers: { 'content-type': type } }).formData();
  const payload = form.get('payload_json');
  const files: UploadedFile[] = [];
  for (const [name, value] of form) {
    const index = /^files\[(\d+)\]$/.exec(name)?.[1];
    if (index === undefined || typeof value === 'string') continue;
    const data = new Uint8Array(await value.arrayBuffer());
    files[Number(index)] = { name: value.name, type: value.type, data };
  }
  return { body: typeof payload === 'string' ? JSON.parse(payload) : {}, files };
}

function commandRoutes(path: string): Route[] {
  return [
    {
      method: 'GET',
      path,
      handle: (world, { guild }) =>
        world.commands
          .filter((command) => command.guild === guild)
          .map((command) => wireCommand(world, command)),
    },
    {
      method: 'POST',
      path,
      body: 'createCommand',
      handle: (world, { guild }, { body }) => wireCommand(world, world.register(commandBody(body), guild)),
    },
    {
      method: 'PATCH',
      path: `${path}/:command`,
      body: 'editCommand',
      handle: (world, parts, { body }) =>
        wireCommand(world, world.changeCommand(part(parts, 'command'), parts['guild'], commandBody(body))),
    },
    {
      method: 'DELETE',
      path: `${path}/:command`,
      handle(world, parts) {
        world.forgetCommand(part(parts, 'command'), parts['guild']);
        return nothing;
      },
    },
  ];
}

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type */
const callback = { reply: 4, defer: 5, deferUpdate: 6, update: 7, choices: 8, modal: 9 } as const;

function acknowledge(
  world: World,
  parts: Readonly<Record<string, string>>,
  { body, files }: ReceivedBody,
): void {
  const interaction = world.toAcknowledge(part(parts, 'interaction'), part(parts, 'token'));
  const { type } = body;
  const completes = type === callback.choices;
  if (completes !== (interaction.type === 'completion')) {
    throw invalidBody([`type: an interaction of this kind cannot be answered with ${type}`]);
  }
  if (completes) checkBody('offerChoices', body);
  else if (type === callback.modal) {
    checkBody('openModal', body);
    // The description was checked just before.
    world.openModal(interaction, body['data'] as ModalBody);
    return;
  } else if (type === callback.reply || type === callback.defer) checkBody('replyToInteraction', body);
  else checkBody('updateByInteraction', body);

  const data = (body['data'] ?? {}) as MessageBody & Pick<StoredInteraction, 'choices'>;
  if (type === callback.reply) world.reply(interaction, data, files);
  if (type === callback.defer) world.defer(interaction, data.flags ?? 0);
  if (type === callback.deferUpdate) world.takePressed(interaction);
  if (type === callback.update) world.edit(world.takePressed(interaction), data, files);
  if (completes) world.choose(interaction, data.choices ?? []);
}

function checkBody(kind: BodyKind, body: Body): void {
  const problems = descriptionProblems(kind, body);
  if (problems.length > 0) throw invalidBody(problems);
}

/** The description was checked just before. */
function commandBody(body: Body): CommandBody {
  return body as unknown as CommandBody;
}

function part(parts: Readonly<Record<string, string>>, name: string): string {
  return parts[name] ?? '';
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [index, name] of wanted.entries()) {
    const value = given[index] ?? '';
    if (name.startsWith(':')) parts[name.slice(1)] = value;
    else if (name !== value) return undefined;
  }
  return parts;
}
