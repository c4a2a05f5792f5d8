import { formatDisposition } from "../../http/file-response.ts";
import { parseWhole } from "../../http/read-values.ts";
import type { RequestReader } from "../../http/reader.ts";
import { post, type RestRoute } from "../../http/route.ts";
import type { PatchedRom } from "./contract.ts";
import { PATCH_FILES_MAX, PATCH_UPLOAD_BYTES_MAX } from "./limits.ts";
import { patchRom } from "./service.ts";

async function readPatch(reader: RequestReader): Promise<unknown> {
  const { fields, files } = await reader.receive({
    fileBytesMax: PATCH_UPLOAD_BYTES_MAX,
    filesMax: PATCH_FILES_MAX,
  });
  const patchFileId = fields.get("patch_file_id") ?? "";
  // A form that was sent without choosing a file has one without a name.
  const patchFile = files.find((file) => file.fieldName === "patch_file" && file.fileName !== "");
  return {
    romFileId: reader.pathInt("id"),
    patchFileId:
      patchFileId === "" ? undefined : parseWhole(patchFileId, ["body", "patch_file_id"], reader.refuse),
    patchFile,
    outputFileName: fields.get("output_file_name") ?? undefined,
  };
}

/** The runtime drops the length of streams, so the size stands in a header of its own. */
function writePatched({ fileName, sizeBytes, check, content }: PatchedRom): Response {
  return new Response(content, {
    headers: {
      "content-type": "application/octet-stream",
      "content-disposition": formatDisposition("attachment", fileName),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-patch-validated": String(check === "matched"),
      "x-multitap-patch-check": check,
      "x-multitap-total-bytes": String(sizeBytes),
    },
  });
}

/** The compatible route that patches a file of the library. */
export const romPatchingRoutes: readonly RestRoute[] = [
  post("/api/roms/{id}/patch", patchRom, {
    summary: "Apply a patch file to a rom, return the patched bytes",
    read: readPatch,
    write: writePatched,
    names: { romFileId: "id" },
    errors: {
      PATCH_CHOICE_INVALID: { status: 400 },
      PATCH_UNSUPPORTED: { status: 400 },
      PATCH_ROM_PACKED: { status: 400 },
    },
  }),
];
