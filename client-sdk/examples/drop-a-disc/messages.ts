/** What the page gives the worker: files of one game, and where to look it up. */
export interface Task {
  readonly files: readonly File[];
  readonly url: string;
  readonly token: string;
}

/** What the worker tells, in this order; `failed` ends it early. */
export type News =
  | { readonly type: "tracks"; readonly tracks: readonly string[] }
  | { readonly type: "progress"; readonly share: number }
  | { readonly type: "hash"; readonly ra: string | null }
  | { readonly type: "game"; readonly name: string | null }
  | { readonly type: "failed"; readonly code: string; readonly message: string };
