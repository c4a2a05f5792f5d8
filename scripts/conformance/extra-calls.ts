/** Calls of routes that no recorded pair reaches with success, so that their answers are seen too. */
import type { Json, Route } from "./types.ts";

/** A call with the administrator's token; ids are those of the recording. */
export interface ExtraCall extends Route {
  readonly values?: Readonly<Record<string, string>>;
  readonly json?: Json;
  /** 200 unless said. */
  readonly status?: number;
}

const kids = {
  name: "kids",
  description: "changed",
  grants: [{ entity: "roms", action: "read", own_only: false }],
};

/** In this order, after the replay. */
export const EXTRA_CALLS: readonly ExtraCall[] = [
  { method: "GET", path: "/api/users/{id}", values: { id: "2" } },
  { method: "GET", path: "/api/users/{id}/avatar", values: { id: "1" } },
  { method: "GET", path: "/api/permissions/catalog" },
  {
    method: "POST",
    path: "/api/activity/heartbeat",
    json: { rom_id: 25, device_id: "cd6c6f46-004a-4f68-8524-d5e85874d5cf" },
  },
  { method: "GET", path: "/api/activity/rom/{rom_id}", values: { rom_id: "25" } },
  { method: "PUT", path: "/api/permissions/groups/{id}", values: { id: "3" }, json: kids },
  {
    method: "PUT",
    path: "/api/permissions/users/{user_id}",
    values: { user_id: "2" },
    json: { set_group: true, permission_group_id: 3, overrides: [] },
  },
  {
    method: "DELETE",
    path: "/api/permissions/hidden",
    json: { entity: "platforms", entity_id: 4, user_id: 2 },
    status: 204,
  },
  { method: "DELETE", path: "/api/permissions/groups/{id}", values: { id: "3" } },
  { method: "DELETE", path: "/api/client-tokens/{token_id}/admin", values: { token_id: "3" } },
  { method: "GET", path: "/api/collections/{id}", values: { id: "2" } },
  {
    method: "DELETE",
    path: "/api/collections/{id}/roms/{rom_id}",
    values: { id: "2", rom_id: "25" },
    status: 204,
  },
  { method: "GET", path: "/api/collections/smart/{id}", values: { id: "1" } },
  {
    method: "POST",
    path: "/api/config/system/versions",
    json: { fs_slug: "gba-hacks", slug: "gba" },
  },
  { method: "DELETE", path: "/api/config/system/versions/{fs_slug}", values: { fs_slug: "gba-hacks" } },
  {
    method: "DELETE",
    path: "/api/config/system/platforms/{fs_slug}",
    values: { fs_slug: "my-homebrew-box" },
  },
  {
    method: "DELETE",
    path: "/api/config/exclude/{exclusion_type}/{exclusion_value}",
    values: { exclusion_type: "EXCLUDED_SINGLE_EXT", exclusion_value: "txt" },
  },
  {
    method: "PUT",
    path: "/api/config/scan",
    json: {
      metadata_priority: ["igdb"],
      artwork_priority: ["igdb"],
      region_priority: ["us"],
      language_priority: ["en"],
      media: ["box2d"],
      gamelist_export: false,
      gamelist_thumbnail: "box2d",
      gamelist_image: "screenshot",
      pegasus_export: false,
    },
  },
  {
    method: "POST",
    path: "/api/tasks/run/{task_name}",
    values: { task_name: "cleanup_missing_roms" },
    json: null,
  },
  { method: "GET", path: "/api/tasks/{task_id}", values: { task_id: "scan-1" } },
  { method: "POST", path: "/api/music/favorites", json: { rom_file_ids: [51] } },
  { method: "GET", path: "/api/music/favorites" },
  { method: "DELETE", path: "/api/music/favorites", json: { rom_file_ids: [51] } },
  { method: "GET", path: "/api/music/playlists" },
  { method: "GET", path: "/api/music/playlists/{id}", values: { id: "1" } },
  { method: "PUT", path: "/api/music/playlists/{id}", values: { id: "1" }, json: { description: "changed" } },
  {
    method: "POST",
    path: "/api/music/playlists/{id}/tracks",
    values: { id: "1" },
    json: { rom_file_ids: [51] },
  },
  { method: "GET", path: "/api/music/playlists/{id}/tracks", values: { id: "1" } },
  {
    method: "PUT",
    path: "/api/music/playlists/{id}/tracks/order",
    values: { id: "1" },
    json: { rom_file_ids: [51] },
  },
  {
    method: "DELETE",
    path: "/api/music/playlists/{id}/tracks",
    values: { id: "1" },
    json: { rom_file_ids: [51] },
  },
  { method: "DELETE", path: "/api/music/playlists/{id}", values: { id: "1" } },
];
