/** The engine's face: all that commands may call. */
export interface Desk {
  readonly name: string;
}
