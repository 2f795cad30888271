/** Proof by where a message comes from. It holds only beside another: an address is shared, and behind a proxy it is said. */
import { BlockList, isIPv6 } from 'node:net';
import type { AddressSettings } from '../../config/senders.ts';
import type { Way } from './way.ts';

/**
 * From these TradingView sends everybody's alerts.
 * https://www.tradingview.com/support/solutions/43000529348-about-webhooks/
 */
const tradingView = ['52.89.214.238', '34.212.75.30', '54.218.53.128', '52.32.178.7'];
const tradingViewList = listOf(tradingView);

export const addresses: Way<AddressSettings> = {
  prove(settings, { address }) {
    const list = settings === 'tradingview' ? tradingViewList : listOf(settings);
    return contains(list, address) ? { proved: true } : { proved: false, why: 'a foreign address' };
  },
};

export function isTradingView(address: string): boolean {
  return contains(tradingViewList, address);
}

function listOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/** `::ffff:10.1.2.3`, as a socket for both families calls an IPv4 sender, is found under `10.1.2.3`. */
function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
