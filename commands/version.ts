import { action, defineCommand } from './command.ts';

export const version = defineCommand({
  name: 'version',
  description: 'Which Outcry this is, and on what it runs',
  group: 'Overview',
  body: {
    action: action({
      description: 'Which Outcry this is, and on what it runs',
      role: 'viewer',
      example: '/version',
      options: {},
      run: async ({ host, times }) => ({
        title: `Outcry ${host.version}`,
        fields: [
          { name: 'Environment', value: host.environment },
          { name: 'Node', value: process.version },
          { name: 'System', value: `${process.platform} ${process.arch}` },
          { name: 'Memory', value: `${Math.round(process.memoryUsage.rss() / 1_048_576)} MB` },
          { name: 'Up since', value: times.minute(host.startedAt) },
        ],
      }),
    }),
  },
});
