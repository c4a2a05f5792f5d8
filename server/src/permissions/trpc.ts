import { mutation, query } from "../rpc/procedures.ts";
import { getMyPermissions, getUserPermissions, updateUserPermissions } from "./accounts/service.ts";
import { createGroup, listGroups, removeGroup, updateGroup } from "./groups/service.ts";
import { hideEntity, showEntity } from "./hidden/service.ts";
import { getPermissionCatalog } from "./service.ts";

/** The procedures of the typed door about what accounts may do and see. */
export const permissionProcedures = {
  me: query(getMyPermissions),
  catalog: query(getPermissionCatalog),
  listGroups: query(listGroups),
  createGroup: mutation(createGroup),
  updateGroup: mutation(updateGroup),
  removeGroup: mutation(removeGroup),
  getUser: query(getUserPermissions),
  updateUser: mutation(updateUserPermissions),
  hide: mutation(hideEntity),
  show: mutation(showEntity),
};
