/** Why a connection is of no use any more. */
export type Breakage =
  | { readonly kind: 'error'; readonly error: Error }
  /** The peer has closed it without a word. */
  | { readonly kind: 'closed' }
  /** The peer has taken the request back (HTTP/2). */
  | { readonly kind: 'reset' }
  | { readonly kind: 'http2NotOffered' };
