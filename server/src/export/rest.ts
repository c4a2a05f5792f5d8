import type { RequestReader } from "../http/reader.ts";
import { post, type RestRoute } from "../http/route.ts";
import { exportGamelists, exportPegasus } from "./service.ts";

const options = {
  read: (reader: RequestReader) => ({
    platformIds: reader.queryInts("platform_ids"),
    isLocal: reader.queryBool("local_export"),
  }),
  names: { platformIds: "platform_ids", isLocal: "local_export" },
  errors: { EXPORT_PLATFORMS_REQUIRED: { status: 400 }, EXPORT_NOTHING_WRITTEN: { status: 500 } },
  write: () => new Response(null, { headers: { "content-length": "0" } }),
};

/** Compatible routes that write lists for other programs. */
export const exportRoutes: readonly RestRoute[] = [
  post("/api/export/gamelist-xml", exportGamelists, {
    ...options,
    summary: "Write gamelist.xml into the folders of platforms",
  }),
  post("/api/export/pegasus", exportPegasus, {
    ...options,
    summary: "Write metadata.pegasus.txt into the folders of platforms",
  }),
];
