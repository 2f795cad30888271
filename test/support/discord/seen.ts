/** Messages as a person in the chat sees them. */
import type { StoredMessage, Version } from './world.ts';

export interface SeenFile {
  readonly name: string;
  readonly type: string;
  readonly data: Uint8Array;
  /** The data as UTF-8. */
  readonly text: string;
}

export interface SeenButton {
  readonly id: string;
  readonly label: string;
  readonly style: 'primary' | 'secondary' | 'success' | 'danger' | 'link';
}

export interface SeenMessage {
  readonly id: string;
  readonly channelId: string;
  /** Titles, one per embed that has one. */
  readonly title: string;
  /** Content and descriptions, in Discord's markdown as it was sent. */
  readonly text: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly colour: number | undefined;
  /** Names of the files that are shown as pictures inside the message. */
  readonly pictures: readonly string[];
  readonly files: readonly SeenFile[];
  readonly buttons: readonly SeenButton[];
  /** The one person who sees it, where it is for one only. */
  readonly onlyFor: string | undefined;
  /** Deferred, and nothing shown yet. */
  readonly thinking: boolean;
  readonly deleted: boolean;
  /** How often it was changed after it was first shown. */
  readonly edits: number;
}

const buttonStyles = ['link', 'primary', 'secondary', 'success', 'danger', 'link'] as const;
const nothing: Version = { content: '', embeds: [], components: [], files: [] };

/** As it stands now, or as it stood in an earlier version. */
export function seen(message: StoredMessage, version = message.versions.at(-1) ?? nothing): SeenMessage {
  const { content, embeds, components, files } = version;
  const texts = [content, ...embeds.map(({ description }) => description ?? '')];
  return {
    id: message.id,
    channelId: message.channel.id,
    title: embeds.flatMap(({ title }) => (title ? [title] : [])).join('\n'),
    text: texts.filter((text) => text !== '').join('\n'),
    fields: embeds.flatMap(({ fields }) => fields ?? []),
    colour: embeds[0]?.color ?? undefined,
    pictures: embeds.flatMap(({ image }) => (image ? [image.url.replace('attachment://', '')] : [])),
    files: files.map(({ name, type, data }) => ({ name, type, data, text: new TextDecoder().decode(data) })),
    buttons: components
      .flatMap((row) => row.components)
      .map(({ custom_id = '', label = '', style }) => ({
        id: custom_id,
        label,
        style: buttonStyles[style] ?? 'secondary',
      })),
    onlyFor: message.onlyFor?.name,
    thinking: message.thinking,
    deleted: message.deleted,
    edits: Math.max(0, message.versions.length - 1),
  };
}
