/**
 * Routes that existing apps know from earlier versions of the reference and its list no longer names; each is
 * another name of a route that it does name.
 */
import type { Route } from "./types.ts";

const route = (method: string, path: string): Route => ({ method, path });

export const SEED_ROUTES: readonly Route[] = [
  route("PUT", "/api/roms/{id}/user"),
  route("DELETE", "/api/roms/{id}"),
  route("POST", "/api/roms/download/{id}/{file_name}"),
  route("POST", "/api/roms/unidentified"),
  route("POST", "/api/roms/upload/init"),
  route("POST", "/api/roms/upload/{id}/chunk"),
  route("GET", "/api/roms/upload/{id}/session"),
  route("DELETE", "/api/roms/upload/{id}"),
  route("GET", "/api/screenshots"),
  route("GET", "/api/screenshots/identifiers"),
  route("GET", "/api/screenshots/{id}"),
  route("POST", "/api/screenshots/delete"),
  route("DELETE", "/api/collections/{id}/roms/{rom_id}"),
  route("POST", "/api/config/system/exclusions"),
  route("DELETE", "/api/config/system/exclusions"),
  route("GET", "/api/raw/assets/{path}"),
  route("HEAD", "/api/raw/assets/{path}"),
  route("GET", "/api/docs"),
  route("GET", "/api/redoc"),
];
