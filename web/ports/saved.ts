// SPDX-License-Identifier: Apache-2.0

/** What is wrong with one field of a form: its name, and a sentence that says what to do. */
export interface FieldError {
  readonly field: string
  readonly message: string
}

/** What became of a change. */
export type Saved<T> =
  | { readonly kind: 'saved'; readonly value: T }
  /** Nothing was changed. */
  | { readonly kind: 'refused'; readonly errors: readonly FieldError[] }
  /** Somebody else removed it, or changed it since it was read. */
  | { readonly kind: 'conflict' }
