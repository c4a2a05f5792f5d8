/** What grants speak about, in the order in which they are listed. */
export const ENTITIES = [
  "platforms",
  "roms",
  "collections",
  "playlists",
  "firmware",
  "assets",
  "devices",
  "users",
  "tasks",
  "logs",
] as const;
export type Entity = (typeof ENTITIES)[number];

export const ACTIONS = ["read", "write", "delete"] as const;
export type Action = (typeof ACTIONS)[number];

/** The right to do one thing with one sort of object. */
export interface Grant {
  readonly entity: Entity;
  readonly action: Action;
  /** Only with objects that the account owns. */
  readonly isOwnOnly: boolean;
}

/** A deviation of one account from its group. */
export interface Override extends Grant {
  /** True adds or replaces the group's grant, false takes it away. */
  readonly isGranted: boolean;
}

/** The groups that exist from the start and that the older role names stand for. */
export const SEEDED_GROUPS = ["viewer", "editor"] as const;
export type SeededGroup = (typeof SEEDED_GROUPS)[number];

/** Tells whether a stored text names an entity; rows of other versions may hold more. */
export function isEntity(text: string): text is Entity {
  return ENTITIES.some((entity) => entity === text);
}

/** Tells whether a stored text names an action. */
export function isAction(text: string): text is Action {
  return ACTIONS.some((action) => action === text);
}
