/** The acceptance cards, through the real client, against a local TWS. */
import { brokerSuite } from '../../../support/suites/broker-suite.ts';
import { ibAccount } from './ib-account.ts';

brokerSuite('Interactive Brokers', async () => {
  const { tws, broker, restart } = await ibAccount();
  return {
    broker,
    symbol: 'AAPL',
    lot: '10',
    spellings: ['NASDAQ:AAPL', 'aapl', 'AAPL@NASDAQ/USD', 'AAPL/USD', '265598'],
    restart,
    movePrice: async (price) => tws.price('AAPL', price),
    tradePart: async (price, quantity) => tws.tradePart('AAPL', price, quantity),
    loseNextReply: () => {
      tws.server.orderFault = 'lose-answers';
    },
    outage: { begin: () => tws.server.goSilent(), end: () => tws.server.speak() },
  };
});
