/** What must not be shown: which keys and variables hold secrets, and the passwords inside addresses. */

const secretKeys = [
  /(?:^|[_-])(?:token|(?:api)?key|secret|password|passphrase)$/i,
  /[a-z0-9](?:Token|Keys?|Secret|Password|Passphrase)$/,
];
const secretVariable = /TOKEN|KEY|SECRET|PASS|PWD|CREDENTIAL/i;

/** Shorter ones would blank out half a log, and protect nothing. */
const shortestSecret = 6;

/** A key of the configuration whose value is a secret. `tls.key` is the path of a file. */
export function isSecretKey(path: readonly PropertyKey[]): boolean {
  // An entry of a list of secrets has a number for its name.
  const names = path.filter((step) => typeof step === 'string');
  const last = names.at(-1);
  return last !== undefined && names.at(-2) !== 'tls' && secretKeys.some((pattern) => pattern.test(last));
}

export function isSecretVariable(name: string): boolean {
  return secretVariable.test(name);
}

/** The password of `scheme://user:password@host`, as it is written and as it is meant. */
export function passwordsIn(text: string): string[] {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/@:]*:([^@/]+)@/i.exec(text)?.[1];
  if (password === undefined) return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password]; // a stray "%": it stands as it is
  }
}

/** Each once, without those too short to be one. */
export function distinctSecrets(found: readonly string[]): string[] {
  return [...new Set(found)].filter((secret) => secret.length >= shortestSecret);
}
