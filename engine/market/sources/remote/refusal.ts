/** Why a data vendor gave nothing, as one line for people and as a kind for the code that can do something about it. */
import { UserError } from '../../../errors.ts';

export type RefusalKind =
  | 'unknown-symbol'
  | 'no-data'
  | 'bad-key'
  | 'not-in-plan'
  | 'rate-limit'
  /** Anything else that was wrong with the request. */
  | 'refused'
  /** The vendor has a fault, does not answer, or answers what nobody can read. */
  | 'fault';

export class VendorRefusal extends UserError {
  override readonly name = 'VendorRefusal';
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.kind = kind;
  }
}
