import type { RequestReader } from "../../http/reader.ts";
import { del, post, type RestRoute } from "../../http/route.ts";
import { removeRoms, removeRomsInBulk } from "./service.ts";
import { toRomsRemovedWire } from "./wire.ts";

/** Routes that remove roms. */
export const romRemovalRoutes: readonly RestRoute[] = [
  post("/api/roms/delete", removeRomsInBulk, {
    summary: "Remove roms, on request with their files; tells which could not be",
    read: readBulk,
    names: { romIds: "roms", deleteFilesOf: "delete_from_fs" },
    write: toRomsRemovedWire,
  }),
  del("/api/roms/{id}", removeRoms, {
    summary: "Remove one rom, on request with its files",
    status: 204,
    read: (reader) => ({
      romIds: [reader.pathInt("id")],
      deleteFiles: reader.queryBool("delete_from_fs"),
    }),
    names: { romIds: "id", deleteFiles: "delete_from_fs" },
  }),
];

async function readBulk(reader: RequestReader): Promise<unknown> {
  const { roms, delete_from_fs } = ((await reader.json()) ?? {}) as Readonly<Record<string, unknown>>;
  return { romIds: roms, deleteFilesOf: delete_from_fs };
}
