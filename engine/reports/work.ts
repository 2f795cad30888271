/** Work that takes a while: it tells how far it is, and can be cancelled. */
export interface Progress {
  readonly text: string;
  /** 0 to 1. */
  readonly fraction?: number;
}

export interface WorkOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}
