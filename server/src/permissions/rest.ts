import type { RequestReader } from "../http/reader.ts";
import { del, get, post, put, type RestRoute } from "../http/route.ts";
import { getMyPermissions, getUserPermissions, updateUserPermissions } from "./accounts/service.ts";
import type { PermissionGroup } from "./groups/contract.ts";
import { createGroup, listGroups, removeGroup, updateGroup } from "./groups/service.ts";
import { hideEntity, showEntity } from "./hidden/service.ts";
import { getPermissionCatalog } from "./service.ts";
import {
  fromGroupWire,
  fromHiddenWire,
  fromUserPermissionsWire,
  toGroupWire,
  toHiddenWire,
  toOwnPermissionsWire,
  toUserPermissionsWire,
} from "./wire.ts";

/** The compatible API answers every rule about groups and hidden entities with 400. */
const BAD_REQUEST = { status: 400 };

/** Puts an id of the path beside the fields of the body; a body that is no object is left for the schema. */
function withId(name: "groupId" | "userId", id: number | undefined, fields: unknown): unknown {
  return typeof fields === "object" && fields !== null && !Array.isArray(fields)
    ? { ...fields, [name]: id }
    : fields;
}

async function readUserPermissions(reader: RequestReader): Promise<unknown> {
  const body = await reader.json();
  const setsGroup = typeof body === "object" && body !== null && "set_group" in body ? body.set_group : false;
  if (typeof setsGroup !== "boolean") {
    reader.refuse({ path: ["body", "set_group"], type: "boolean", message: "", input: setsGroup });
  }
  return withId("userId", reader.pathInt("user_id"), fromUserPermissionsWire(body));
}

const readHidden = async (reader: RequestReader) => fromHiddenWire(await reader.json());
const HIDDEN_ERRORS = { HIDDEN_OWNER_INVALID: BAD_REQUEST, HIDDEN_ENTITY_INVALID: BAD_REQUEST };

/** Compatible routes about what accounts may do and see. */
export const permissionRoutes: readonly RestRoute[] = [
  get("/api/permissions/me", getMyPermissions, {
    summary: "What the caller may do and may not see",
    write: toOwnPermissionsWire,
  }),
  get("/api/permissions/catalog", getPermissionCatalog, {
    summary: "All entities and actions that can be granted",
  }),
  get("/api/permissions/groups", listGroups, {
    summary: "Permission groups",
    write: (groups: readonly PermissionGroup[]) => groups.map(toGroupWire),
  }),
  post("/api/permissions/groups", createGroup, {
    summary: "Create a group",
    status: 201,
    read: async (reader) => fromGroupWire(await reader.json()),
    write: toGroupWire,
    errors: { GROUP_NAME_TAKEN: BAD_REQUEST, GROUP_LIMIT: BAD_REQUEST },
  }),
  put("/api/permissions/groups/{id}", updateGroup, {
    summary: "Change a group",
    read: async (reader) => withId("groupId", reader.pathInt("id"), fromGroupWire(await reader.json())),
    write: toGroupWire,
    names: { groupId: "id" },
    errors: { GROUP_NAME_TAKEN: BAD_REQUEST, GROUP_IS_DEFAULT: BAD_REQUEST },
  }),
  del("/api/permissions/groups/{id}", removeGroup, {
    summary: "Delete a group; its members fall back to the default group",
    read: (reader) => ({ groupId: reader.pathInt("id") }),
    names: { groupId: "id" },
    errors: { GROUP_IS_DEFAULT: BAD_REQUEST },
  }),
  get("/api/permissions/users/{user_id}", getUserPermissions, {
    summary: "Group, overrides and hidden entities of a user",
    read: (reader) => ({ userId: reader.pathInt("user_id") }),
    write: toUserPermissionsWire,
  }),
  put("/api/permissions/users/{user_id}", updateUserPermissions, {
    summary: "Set group and overrides of a user",
    read: readUserPermissions,
    write: toUserPermissionsWire,
  }),
  post("/api/permissions/hidden", hideEntity, {
    summary: "Hide a platform or rom from a user or a group",
    read: readHidden,
    write: toHiddenWire,
    errors: { ...HIDDEN_ERRORS, HIDDEN_LIMIT: BAD_REQUEST },
  }),
  del("/api/permissions/hidden", showEntity, {
    summary: "Show a hidden platform or rom again",
    status: 204,
    read: readHidden,
    errors: HIDDEN_ERRORS,
  }),
];
