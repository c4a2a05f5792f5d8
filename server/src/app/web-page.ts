import { detailResponse } from "../http/error-response.ts";

/** What a browser sees at the root until a frontend is configured: where things are. */
const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Multitap</title>
<style>body{font:16px/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}</style>
<h1>Multitap is running</h1>
<p>Apps connect to this address. Developers find the <a href="api/docs">API documentation</a> here.</p>
</html>
`;

/** Answers everything outside the doors: the root page, and an honest 404 for the rest. */
export function answerWeb(request: Request, path: string): Response {
  if (path === "/" && (request.method === "GET" || request.method === "HEAD")) {
    return new Response(PAGE, { headers: { "content-type": "text/html; charset=utf-8" } });
  }
  return detailResponse(404, "Not Found");
}
