/** The parts of Discord's data that the stand-in reads, as they are when the checks have passed. */

export type Body = Readonly<Record<string, unknown>>;

export interface Embed {
  readonly title?: string | null;
  readonly description?: string | null;
  readonly color?: number | null;
  readonly fields?:
    | readonly { readonly name: string; readonly value: string; readonly inline?: boolean }[]
    | null;
  readonly image?: { readonly url: string } | null;
  readonly thumbnail?: { readonly url: string } | null;
  readonly footer?: { readonly text: string } | null;
  readonly author?: { readonly name: string } | null;
}

export interface Button {
  readonly type: number;
  readonly custom_id?: string;
  readonly label?: string;
  readonly style: number;
  readonly url?: string;
  readonly disabled?: boolean;
}

export interface ActionRow {
  readonly type: number;
  readonly components: readonly Button[];
}

export interface MessageBody {
  readonly content?: string | null;
  readonly embeds?: readonly Embed[] | null;
  readonly components?: readonly ActionRow[] | null;
  readonly attachments?: readonly { readonly id: string; readonly filename?: string }[] | null;
  readonly flags?: number | null;
  readonly nonce?: string | number | null;
  readonly enforce_nonce?: boolean | null;
}

/** A text input or a menu of a modal, under its label. */
export interface ModalField {
  readonly type: number;
  readonly custom_id: string;
  readonly value?: string;
  readonly required?: boolean;
  readonly min_values?: number;
  readonly options?: readonly {
    readonly label: string;
    readonly value: string;
    readonly default?: boolean;
  }[];
}

export interface ModalBody {
  readonly custom_id: string;
  readonly title: string;
  readonly components: readonly {
    readonly label?: string;
    readonly description?: string;
    readonly component?: ModalField;
  }[];
}

export interface CommandOption {
  readonly type: number;
  readonly name: string;
  readonly description: string;
  readonly required?: boolean;
  readonly autocomplete?: boolean;
  readonly choices?: readonly { readonly name: string; readonly value: string | number }[];
  readonly min_value?: number;
  readonly max_value?: number;
  readonly options?: readonly CommandOption[];
}

export interface CommandBody {
  readonly name: string;
  readonly description?: string;
  readonly options?: readonly CommandOption[];
  readonly type?: number;
  readonly contexts?: readonly number[] | null;
  readonly choices?: undefined;
}

/** A file as it was uploaded. */
export interface UploadedFile {
  readonly name: string;
  readonly type: string;
  readonly data: Uint8Array;
}

export const ephemeral = 64;
