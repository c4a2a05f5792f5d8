import { fileURLToPath } from "node:url";
import { fileResponse } from "../http/file-response.ts";

/** Files of the documentation viewer that pages may load. */
const ASSETS: Readonly<Record<string, string>> = {
  "swagger-ui.css": "text/css",
  "swagger-ui-bundle.js": "text/javascript",
};

/** Where the viewer's files are served. */
const ASSET_PREFIX = "/api/docs/assets/";

interface DocsPage {
  readonly title: string;
  /** Options of the viewer, beside the document's address. */
  readonly options: Readonly<Record<string, unknown>>;
}

const PAGES: Readonly<Record<string, DocsPage>> = {
  "/api/docs": { title: "Multitap API", options: { deepLinking: true, persistAuthorization: true } },
  // A page to read rather than to try out.
  "/api/redoc": {
    title: "Multitap API reference",
    options: { docExpansion: "full", supportedSubmitMethods: [] },
  },
};

/** Answers the documentation pages and their files, from this machine alone; null for any other path. */
export async function answerDocs(request: Request, path: string): Promise<Response | null> {
  const page = PAGES[path.replace(/\/$/, "")];
  if (page !== undefined)
    return new Response(renderPage(page), { headers: { "content-type": "text/html; charset=utf-8" } });
  if (!path.startsWith(ASSET_PREFIX)) return null;
  const fileName = path.slice(ASSET_PREFIX.length);
  const contentType = ASSETS[fileName];
  return contentType === undefined ? null : await answerAsset(request, fileName, contentType);
}

async function answerAsset(request: Request, fileName: string, contentType: string): Promise<Response> {
  const filePath = fileURLToPath(import.meta.resolve(`swagger-ui-dist/${fileName}`));
  const { size, mtimeMs } = await Bun.file(filePath).stat();
  const etag = `"${size.toString(16)}-${Math.round(mtimeMs).toString(16)}"`;
  const modifiedAt = new Date(mtimeMs);
  return fileResponse(request, {
    path: filePath,
    fileName,
    sizeBytes: size,
    modifiedAt,
    etag,
    contentType,
    disposition: "inline",
  });
}

function renderPage({ title, options }: DocsPage): string {
  // Relative addresses, so that the page also works below a proxy's path prefix.
  const settings = JSON.stringify({ url: "../openapi.json", dom_id: "#api", ...options });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
<div id="api"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle(${settings});</script>
</html>
`;
}
