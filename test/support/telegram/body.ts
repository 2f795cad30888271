/** Bodies of Bot API requests: JSON or a form with files (RFC 7578). Like Telegram, it makes every value a text. */

export interface UploadedFile {
  readonly name: string;
  readonly data: Buffer;
}

export interface Arguments {
  readonly values: Readonly<Record<string, string>>;
  /** By the name of their part, to which `attach://` refers. */
  readonly files: ReadonlyMap<string, UploadedFile>;
}

/** @throws Error when the body is neither */
export function parseBody(contentType: string, body: Buffer): Arguments {
  if (contentType.startsWith('application/json')) return fromJson(body);
  const boundary = /^multipart\/form-data;\s*boundary=(.+)$/.exec(contentType)?.[1];
  if (boundary === undefined) throw new Error(`a body of type ${contentType}`);
  return fromForm(body, boundary);
}

function fromJson(body: Buffer): Arguments {
  const parsed: unknown = JSON.parse(body.toString('utf8') || '{}');
  if (typeof parsed !== 'object' || parsed === null) throw new Error('a JSON body that is no object');
  const values = Object.entries(parsed).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return { values: Object.fromEntries(values), files: new Map() };
}

function fromForm(body: Buffer, boundary: string): Arguments {
  const values: Record<string, string> = {};
  const files = new Map<string, UploadedFile>();
  const delimiter = Buffer.from(`--${boundary}`);
  let at = body.indexOf(delimiter);
  if (at !== 0) throw new Error('a form that does not begin with its boundary');
  for (;;) {
    const start = at + delimiter.length;
    if (body.subarray(start, start + 2).toString() === '--') return { values, files };
    const headersEnd = body.indexOf('\r\n\r\n', start);
    at = body.indexOf(Buffer.concat([Buffer.from('\r\n'), delimiter]), headersEnd) + 2;
    if (headersEnd < 0 || at < 2) throw new Error('a form that ends within a part');
    const headers = body.subarray(start, headersEnd).toString('utf8');
    const data = body.subarray(headersEnd + 4, at - 2);
    const name = /name="([^"]*)"/.exec(headers)?.[1];
    if (name === undefined) throw new Error('a part of a form without a name');
    const filename = /filename="([^"]*)"/.exec(headers)?.[1];
    if (filename === undefined) values[name] = data.toString('utf8');
    else files.set(name, { name: filename, data: Buffer.from(data) });
  }
}
