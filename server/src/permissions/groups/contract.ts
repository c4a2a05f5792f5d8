import * as v from "valibot";
import { Id, list } from "../../base/schemas.ts";
import { type Grant, GrantSchema, GrantsInput } from "../contract.ts";
import { type HiddenEntity, HiddenEntitySchema } from "../hidden/contract.ts";
import { GROUP_DESCRIPTION_CHARS_MAX, GROUP_NAME_CHARS_MAX } from "../limits.ts";

/** A named set of grants. */
export interface PermissionGroup {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  /** Accounts without a group of their own follow it, and so do callers without an account. */
  readonly isDefault: boolean;
  /** Came with the server. Only shown: it can be changed and removed like any other. */
  readonly isSystem: boolean;
  /** `#rrggbb` or `#rrggbbaa`. */
  readonly color: string | null;
  /** In the order in which they were given. */
  readonly grants: readonly Grant[];
  /** Accounts that name this group; those that follow it as the default do not count. */
  readonly memberCount: number;
  /** What is hidden from its members. */
  readonly hidden: readonly HiddenEntity[];
}

export const PermissionGroupSchema = v.object({
  id: Id,
  name: v.string(),
  description: v.string(),
  isDefault: v.boolean(),
  isSystem: v.boolean(),
  color: v.nullable(v.string()),
  grants: list(GrantSchema),
  memberCount: v.number(),
  hidden: list(HiddenEntitySchema),
});

export const PermissionGroupListSchema = list(PermissionGroupSchema);

/** No stored text can hold a zero character. */
const Text = v.pipe(
  v.string(),
  v.check((text) => !text.includes("\0"), "Input should not contain a zero character"),
);
const GroupName = v.pipe(Text, v.trim(), v.minLength(1), v.maxLength(GROUP_NAME_CHARS_MAX));
const Description = v.pipe(Text, v.maxLength(GROUP_DESCRIPTION_CHARS_MAX));
const COLOR = /^#([0-9a-f]{6}|[0-9a-f]{8})$/i;
const Color = v.nullable(
  v.pipe(
    v.string(),
    v.check((text) => COLOR.test(text), "Input should be a color such as #3b82f6"),
  ),
);

export const CreateGroupInput = v.strictObject({
  name: GroupName,
  description: v.optional(Description, ""),
  isDefault: v.optional(v.boolean(), false),
  color: v.optional(Color, null),
  grants: v.optional(GrantsInput, []),
});

/** What is absent stays; of the rest null stays too, but a color of null takes the color away. */
export const UpdateGroupInput = v.strictObject({
  groupId: Id,
  name: v.optional(v.nullable(GroupName)),
  description: v.optional(v.nullable(Description)),
  isDefault: v.optional(v.nullable(v.boolean())),
  color: v.optional(Color),
  grants: v.optional(v.nullable(GrantsInput)),
});

export const GroupIdInput = v.strictObject({ groupId: Id });
