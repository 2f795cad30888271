/** What somebody may do. */
export const roles = ['viewer', 'trader', 'admin'] as const;
/** Each may do all that the one before it may. */
export type Role = (typeof roles)[number];

export function mayAct(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}
