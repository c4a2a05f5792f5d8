/** Which numbers are ids, and of what: the same number means another thing in another place. */

/** What an id counts, such as "rom"; null where a number is just a number. */
export type IdKind = string | null;

/** Fields and parameters that hold ids of ours. Provider ids (`igdb_id` …) are facts and not among them. */
const KIND_BY_NAME: Readonly<Record<string, string>> = {
  rom_id: "rom",
  rom_ids: "rom",
  rom_id_index: "rom",
  failed_ids: "rom",
  platform_id: "platform",
  platform_ids: "platform",
  user_id: "user",
  permission_group_id: "group",
  group_id: "group",
  token_id: "client-token",
  file_id: "file",
  file_ids: "file",
  rom_file_id: "file",
  rom_file_ids: "file",
  note_id: "note",
  save_id: "save",
  collection_id: "collection",
  smart_collection_id: "smart-collection",
  session_id: "session",
  sync_session_id: "session",
};

/** Lists of objects whose `id` is of another kind than the answer's own. */
const KIND_BY_LIST: Readonly<Record<string, string>> = {
  files: "file",
  firmware: "firmware",
  rom_user: "rom-user",
  sibling_roms: "rom",
  user_saves: "save",
  all_user_saves: "save",
  saves: "save",
  user_states: "state",
  all_user_states: "state",
  states: "state",
  screenshot: "screenshot",
  user_screenshots: "screenshot",
  all_user_screenshots: "screenshot",
  merged_screenshots: "screenshot",
  user_collections: "collection",
  all_user_notes: "note",
  roms: "rom",
  results: "play-session",
  session: "session",
  platforms: "platform",
};

/** What `{id}` and the `id` of an answer mean below a path; the first that fits counts. */
const KIND_BY_PATH: readonly (readonly [RegExp, string])[] = [
  [/^\/api\/roms\/(?:\{?\w+\}?)\/files/, "file"],
  [/^\/api\/roms\/(?:\{?\w+\}?)\/notes/, "note"],
  [/^\/api\/roms/, "rom"],
  [/^\/api\/users/, "user"],
  [/^\/api\/platforms/, "platform"],
  [/^\/api\/client-tokens/, "client-token"],
  [/^\/api\/permissions\/groups/, "group"],
  [/^\/api\/permissions\/users/, "user"],
  [/^\/api\/firmware/, "firmware"],
  [/^\/api\/saves/, "save"],
  [/^\/api\/states/, "state"],
  [/^\/api\/screenshots/, "screenshot"],
  [/^\/api\/collections\/smart/, "smart-collection"],
  [/^\/api\/collections\/virtual/, "virtual-collection"],
  [/^\/api\/collections/, "collection"],
  [/^\/api\/music\/playlists/, "playlist"],
  [/^\/api\/play-sessions/, "play-session"],
  [/^\/api\/sync\/sessions/, "session"],
];

/** What the `id` of an answer to this path counts. */
export function kindOfPath(path: string): IdKind {
  return KIND_BY_PATH.find(([pattern]) => pattern.test(path))?.[1] ?? null;
}

/** What a path parameter counts: `{id}` is of the path's own kind, except where it names a rom's extra. */
export function kindOfParameter(path: string, name: string): IdKind {
  if (name !== "id") return kindOfName(name, null);
  return /^\/api\/roms\/\{id\}\/notes/.test(path) ? "rom" : kindOfPath(path);
}

/**
 * What a field counts.
 * @param own The kind of the object it stands in, which its `id` is of.
 */
export function kindOfName(name: string, own: IdKind): IdKind {
  return name === "id" ? own : (KIND_BY_NAME[name] ?? null);
}

/** The kind of the objects below a field; those without a kind of their own keep the outer one in `items` only. */
export function kindBelow(name: string, own: IdKind): IdKind {
  if (name === "items") return own;
  return KIND_BY_LIST[name] ?? null;
}

/** Entities by the names that permissions give them. */
export function kindOfEntity(entity: unknown): IdKind {
  return typeof entity === "string" ? (KIND_BY_LIST[entity] ?? null) : null;
}
