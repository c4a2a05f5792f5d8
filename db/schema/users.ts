import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  unique,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { idColumn, moment, stamps, textC } from "./columns.ts";

/** Named sets of grants; exactly one is the default that group-less users fall back to. */
export const permissionGroups = pgTable(
  "permission_groups",
  {
    id: idColumn(),
    name: textC("name").notNull(),
    description: text("description").notNull().default(""),
    isDefault: boolean("is_default").notNull().default(false),
    isSystem: boolean("is_system").notNull().default(false),
    color: text("color"),
    ...stamps(),
  },
  (t) => [
    unique("permission_groups_name_key").on(t.name),
    uniqueIndex("permission_groups_default_key").on(t.isDefault).where(sql`${t.isDefault}`),
  ],
);

export const permissionGroupGrants = pgTable(
  "permission_group_grants",
  {
    id: idColumn(),
    groupId: integer("group_id")
      .notNull()
      .references(() => permissionGroups.id, { onDelete: "cascade" }),
    entity: textC("entity").notNull(),
    action: textC("action").notNull(),
    ownOnly: boolean("own_only").notNull().default(false),
    ...stamps(),
  },
  (t) => [unique("permission_group_grants_key").on(t.groupId, t.entity, t.action)],
);

/** User names and e-mail addresses are stored lower-case; the unique keys rely on it. */
export const users = pgTable(
  "users",
  {
    id: idColumn(),
    username: textC("username").notNull(),
    /** argon2id, or bcrypt of an imported account; null refuses every password. */
    hashedPassword: text("hashed_password"),
    email: textC("email"),
    enabled: boolean("enabled").notNull().default(true),
    role: textC("role").notNull().default("user"),
    permissionGroupId: integer("permission_group_id").references(() => permissionGroups.id, {
      onDelete: "set null",
    }),
    avatarPath: text("avatar_path").notNull().default(""),
    lastLogin: moment("last_login"),
    lastActive: moment("last_active"),
    raUsername: text("ra_username").notNull().default(""),
    raProgression: jsonb("ra_progression"),
    uiSettings: jsonb("ui_settings"),
    ...stamps(),
  },
  (t) => [
    unique("users_username_key").on(t.username),
    unique("users_email_key").on(t.email),
    check("users_role_check", sql`${t.role} in ('user', 'admin')`),
  ],
);

export const userPermissionOverrides = pgTable(
  "user_permission_overrides",
  {
    id: idColumn(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    entity: textC("entity").notNull(),
    action: textC("action").notNull(),
    granted: boolean("granted").notNull(),
    ownOnly: boolean("own_only").notNull().default(false),
    ...stamps(),
  },
  (t) => [unique("user_permission_overrides_key").on(t.userId, t.entity, t.action)],
);

/** Platforms and roms hidden from one user or one group; polymorphic, so there is no key to the entity. */
export const hiddenEntities = pgTable(
  "hidden_entities",
  {
    id: idColumn(),
    entity: textC("entity").notNull(),
    entityId: integer("entity_id").notNull(),
    userId: integer("user_id").references(() => users.id, { onDelete: "cascade" }),
    groupId: integer("group_id").references(() => permissionGroups.id, { onDelete: "cascade" }),
    ...stamps(),
  },
  (t) => [
    check("hidden_entities_one_owner", sql`(${t.userId} is null) <> (${t.groupId} is null)`),
    unique("hidden_entities_key").on(t.entity, t.entityId, t.userId, t.groupId).nullsNotDistinct(),
    index("hidden_entities_user_idx").on(t.userId, t.entity),
    index("hidden_entities_group_idx").on(t.groupId, t.entity),
  ],
);

/**
 * Accounts of an identity provider that sign in to accounts of ours. The pair of issuer and subject never changes,
 * while names and addresses may.
 */
export const userIdentities = pgTable(
  "user_identities",
  {
    id: idColumn(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    issuer: textC("issuer").notNull(),
    subject: textC("subject").notNull(),
    ...stamps(),
  },
  (t) => [
    unique("user_identities_key").on(t.issuer, t.subject),
    index("user_identities_user_idx").on(t.userId),
  ],
);
