/** How Discord says no: a status, a code of its own and a sentence. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  /** Where in the body, for an invalid one. */
  readonly problems: readonly string[];

  constructor(status: number, code: number, message: string, problems: readonly string[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.problems = problems;
  }
}

export const unauthorized = () => new Refusal(401, 0, '401: Unauthorized');
export const unknownChannel = () => new Refusal(404, 10003, 'Unknown Channel');
export const unknownMessage = () => new Refusal(404, 10008, 'Unknown Message');
export const unknownUser = () => new Refusal(404, 10013, 'Unknown User');
export const unknownWebhook = () => new Refusal(404, 10015, 'Unknown Webhook');
export const unknownInteraction = () => new Refusal(404, 10062, 'Unknown interaction');
export const unknownCommand = () => new Refusal(404, 10063, 'Unknown application command');
export const tooLarge = () => new Refusal(413, 40005, 'Request entity too large');
export const alreadyAcknowledged = () =>
  new Refusal(400, 40060, 'Interaction has already been acknowledged.');
export const missingAccess = () => new Refusal(403, 50001, 'Missing Access');
export const emptyMessage = () => new Refusal(400, 50006, 'Cannot send an empty message');
export const noDirectMessages = () => new Refusal(403, 50007, 'Cannot send messages to this user');
export const missingPermissions = () => new Refusal(403, 50013, 'Missing Permissions');
export const invalidWebhookToken = () => new Refusal(401, 50027, 'Invalid Webhook Token');
export const threadArchived = () => new Refusal(400, 50083, 'Thread is archived');
export const invalidBody = (problems: readonly string[]) =>
  new Refusal(400, 50035, `Invalid Form Body\n${problems.join('\n')}`, problems);
