import { fileResponse } from "../../http/file-response.ts";
import { choosePictureAnswer } from "../../http/picture-type.ts";
import { get, type RestRoute } from "../../http/route.ts";
import { getRawAsset } from "./service.ts";

/** The files of users by their paths, as some apps ask for them. */
export const rawAssetRoutes: readonly RestRoute[] = [
  get("/api/raw/assets/{path}", getRawAsset, {
    summary: "A file of the caller's own, or of a public save, state or picture, by its path",
    isDeep: true,
    read: (reader) => ({ path: reader.pathText("path") }),
    write: ({ modifiedAtMs, ...file }, reader) =>
      fileResponse(reader.request, {
        ...file,
        ...choosePictureAnswer(file.fileName),
        modifiedAt: new Date(modifiedAtMs),
        etag: `"${file.sha1 ?? `${file.sizeBytes.toString(16)}-${modifiedAtMs.toString(16)}`}"`,
      }),
  }),
];
