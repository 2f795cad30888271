/**
 * Proof by the certificate that the sender shows when the desk itself ends TLS (RFC 8446, 4.4.2). Its chain was verified
 * against `webhook.tls.clientCa` before it gets here; what is left to compare is whose it is.
 */
import type { CertificateSettings } from '../../config/senders.ts';
import type { Way } from './way.ts';

/** https://www.tradingview.com/support/solutions/43000680459-webhook-authentication/ */
const tradingViewName = 'TradingView Webhooks';

export const certificate: Way<CertificateSettings> = {
  prove(settings, { certificateName }) {
    const wanted = settings === 'tradingview' ? tradingViewName : settings.commonName;
    if (certificateName === wanted) return { proved: true };
    const why =
      certificateName === undefined ? 'no certificate that can be verified' : 'a foreign certificate';
    return { proved: false, why };
  },
};
