import * as v from "valibot";
import { list } from "../base/schemas.ts";
import { GRANTS_MAX } from "./limits.ts";

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
/** What a grant is about. */
export type Entity = (typeof ENTITIES)[number];

export const ACTIONS = ["read", "write", "delete"] as const;
/** What may be done with it. */
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

const grantEntries = { entity: v.picklist(ENTITIES), action: v.picklist(ACTIONS) };

export const GrantSchema = v.object({ ...grantEntries, isOwnOnly: v.boolean() });
export const OverrideSchema = v.object({ ...grantEntries, isGranted: v.boolean(), isOwnOnly: v.boolean() });

/** Grants to store. Of several for the same entity and action the last one counts. */
export const GrantsInput = v.pipe(
  v.array(v.strictObject({ ...grantEntries, isOwnOnly: v.optional(v.boolean(), false) })),
  v.maxLength(GRANTS_MAX),
  v.readonly(),
);

/** Overrides to store, under the same rule. */
export const OverridesInput = v.pipe(
  v.array(
    v.strictObject({ ...grantEntries, isGranted: v.boolean(), isOwnOnly: v.optional(v.boolean(), false) }),
  ),
  v.maxLength(GRANTS_MAX),
  v.readonly(),
);

/** Everything that can be granted. */
export interface PermissionCatalog {
  readonly entities: readonly Entity[];
  readonly actions: readonly Action[];
}

export const PermissionCatalogSchema = v.object({
  entities: list(v.picklist(ENTITIES)),
  actions: list(v.picklist(ACTIONS)),
});

/** What user interfaces offer or hide, in the order in which it is listed. */
export const ACTION_KEYS = [
  "rom.view",
  "rom.play",
  "rom.download",
  "rom.upload",
  "rom.edit",
  "rom.delete",
  "rom.match",
  "rom.refresh",
  "rom.favorite",
  "platform.view",
  "platform.create",
  "platform.edit",
  "platform.delete",
  "collection.view",
  "collection.create",
  "collection.edit",
  "collection.delete",
  "library.scan",
  "user.view",
  "user.create",
  "user.edit",
  "user.delete",
  "app.admin",
] as const;
/** One thing that an override allows or forbids. */
export type ActionKey = (typeof ACTION_KEYS)[number];
