/**
 * The contract of a way to prove who sends. A new one is one file beside this one, its settings in `config/senders.ts`,
 * and its line in `index.ts`.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { ParsedAlert } from '../../../engine/signals/alert.ts';

/** A message at the door, as it came. */
export interface Arrival {
  readonly body: Uint8Array;
  readonly alert: ParsedAlert;
  readonly headers: IncomingHttpHeaders;
  /** What stood behind the book's name in the address. */
  readonly pathKey: string | undefined;
  /** From where it came; where a trusted proxy stands in between, what that says. */
  readonly address: string;
  /** The common name of the certificate that the sender showed, if it showed one that our authorities have signed. */
  readonly certificateName: string | undefined;
  readonly now: Date;
}

export type Finding =
  | {
      readonly proved: true;
      /** The alert without what only proved its sender, or from inside its envelope. */
      readonly alert?: ParsedAlert;
      /** Secrets that stand in the body: never written down. */
      readonly secrets?: readonly string[];
      /** By which its sender knows the message. */
      readonly id?: string;
      /** Unique to this message, which may be used once, and from when on it is too old anyway. */
      readonly once?: { readonly id: string; readonly passesUntil: Date };
    }
  /** `why` has nothing in it that the sender could choose freely. */
  | { readonly proved: false; readonly why: string };

export interface Way<Settings> {
  /** The same work whatever was sent, as far as the time that it takes could tell a stranger about a secret. */
  prove(settings: Settings, arrival: Arrival): Finding;
}

/** A way by a secret. */
export interface SecretWay<Settings> extends Way<Settings> {
  /** Settings that cost the same work and that nobody can fulfil: the same, with random secrets. */
  decoy(settings: Settings): Settings;
}

/** How far a message's time is from ours, as a refusal; undefined within the tolerance. */
export function wrongTime(sentAtMs: number, now: Date, toleranceSeconds: number): string | undefined {
  const ageMs = now.getTime() - sentAtMs;
  if (ageMs > toleranceSeconds * 1000) return `a message ${seconds(ageMs)} old`;
  if (ageMs < -toleranceSeconds * 1000) return `a message ${seconds(-ageMs)} in the future`;
  return undefined;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
