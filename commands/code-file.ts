/** Code that people send in as a file, as a strategy or as a task: its options, its versions, and the way back as a file. */
import type { FileOption, NumberOption, StringOption } from './command.ts';
import type { Reply, Table } from './reply.ts';
import type { Times } from './times.ts';
import type { UploadedFile } from './uploaded-file.ts';

/** What is sent in, and under which name. */
export function codeFileOptions(what: string, example: string) {
  return {
    file: {
      type: 'file',
      description: `${what}, TypeScript or JavaScript`,
      required: true,
      example: `${example}.ts`,
      endings: ['.ts', '.js', '.mts', '.mjs'],
      maxKb: 256,
    },
    name: {
      type: 'string',
      description: 'How it is called here; without it as its file',
      example,
    },
  } as const satisfies { readonly file: FileOption; readonly name: StringOption };
}

export const codeVersionOption = {
  type: 'integer',
  description: 'Of one that was sent in; without it the newest',
  min: 1,
  example: '1',
} as const satisfies NumberOption;

/** By its file's name, where no other is given. */
export function newCode({ name: fileName, stem, text }: UploadedFile, name = stem) {
  const ending = fileName.slice(fileName.lastIndexOf('.'));
  return { name: name.toLowerCase().replace(/[.-]/g, '_'), ending, text };
}

interface CodeFile {
  readonly fileName: string;
  readonly data: Uint8Array;
}

/** The code as the file that it was. */
export function codeReply(file: CodeFile, version: number | undefined): Reply {
  const { fileName } = file;
  const title = version === undefined ? fileName : `${fileName}, version ${version}`;
  return { title, attachments: [codeAttachment(file)] };
}

export function codeAttachment({ fileName, data }: CodeFile) {
  return { name: fileName, type: 'text/plain', data } as const;
}

interface CodeVersion {
  readonly version: number;
  readonly addedAt: string;
  readonly by: string;
}

/** Nothing for code that was never sent in. */
export function versionsTable(versions: readonly CodeVersion[], times: Times): { readonly table?: Table } {
  if (versions.length === 0) return {};
  return {
    table: {
      columns: [{ name: 'Version', align: 'right' }, { name: times.head('Added') }, { name: 'By' }],
      rows: versions.map(({ version, addedAt, by }) => [String(version), times.cell(addedAt), by]),
    },
  };
}
