/** Every permission string, in the order in which the compatible API lists them. */
export const SCOPES = [
  "me.read",
  "roms.read",
  "platforms.read",
  "assets.read",
  "devices.read",
  "firmware.read",
  "roms.user.read",
  "collections.read",
  "playlists.read",
  "me.write",
  "assets.write",
  "devices.write",
  "roms.user.write",
  "collections.write",
  "playlists.write",
  "roms.write",
  "platforms.write",
  "firmware.write",
  "users.read",
  "users.write",
  "tasks.run",
  "logs.read",
] as const;

export type Scope = (typeof SCOPES)[number];

const known: ReadonlySet<string> = new Set(SCOPES);

/** Tells whether a text is the name of a scope. */
export function isScope(text: string): text is Scope {
  return known.has(text);
}

/** Puts scopes into the canonical order and drops repeats. */
export function orderScopes(scopes: Iterable<Scope>): readonly Scope[] {
  const wanted = new Set(scopes);
  return SCOPES.filter((scope) => wanted.has(scope));
}

/** What a kiosk visitor may do. */
export const READ_SCOPES: readonly Scope[] = SCOPES.slice(0, 9);
/** What an account of the Viewer group may do. */
export const WRITE_SCOPES: readonly Scope[] = SCOPES.slice(0, 15);
/** What an account of the Editor group may do. */
export const EDIT_SCOPES: readonly Scope[] = SCOPES.slice(0, 18);
/** What an administrator may do. */
export const FULL_SCOPES: readonly Scope[] = SCOPES;
