/** The ways to prove who sends, and what one entry of the configuration comes to: all of its ways together. */
import type { SenderSettings } from '../../config/senders.ts';
import { addresses } from './addresses.ts';
import { certificate } from './certificate.ts';
import { hmac } from './hmac.ts';
import { key } from './key.ts';
import { mirage } from './mirage.ts';
import type { Arrival, Finding, Way } from './way.ts';

type Proof = Extract<Finding, { readonly proved: true }>;

/** Proof by one entry. All of its ways are tried, whether one before them failed or not: it takes the same time. */
export function prove(settings: SenderSettings, arrival: Arrival): Finding {
  const findings = [
    by(key, settings.key, arrival),
    by(hmac, settings.hmac, arrival),
    // After the key: what counts is the alert from inside the envelope.
    by(mirage, settings.mirage, arrival),
    by(certificate, settings.certificate, arrival),
    by(addresses, settings.addresses, arrival),
  ].flat();
  const whys = findings.flatMap((finding) => (finding.proved ? [] : [finding.why]));
  if (whys.length > 0) return { proved: false, why: whys.join(' and ') };
  const [first, ...others] = findings.filter((finding): finding is Proof => finding.proved);
  if (!first) return { proved: false, why: 'no proof' };
  return Object.assign({}, first, ...others);
}

/** An entry that nobody can fulfil, and that costs as much to be looked at. */
export function decoyOf(settings: SenderSettings): SenderSettings {
  return {
    ...settings,
    ...(settings.key !== undefined && { key: key.decoy(settings.key) }),
    ...(settings.hmac && { hmac: hmac.decoy(settings.hmac) }),
    ...(settings.mirage && { mirage: mirage.decoy(settings.mirage) }),
  };
}

function by<Settings>(way: Way<Settings>, settings: Settings | undefined, arrival: Arrival): Finding[] {
  return settings === undefined ? [] : [way.prove(settings, arrival)];
}
