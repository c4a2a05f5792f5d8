import { basename, join } from "node:path";
import { type Chromium, openChromium, requireChromium } from "../../scripts/testing/chromium.ts";
import { BenchError } from "./bench-error.ts";
import type { Cleanup } from "./cleanup.ts";
import { type Summary, summarize } from "./statistics.ts";
import { createFolder, REPOSITORY } from "./workspace.ts";

/** From a page's `load` event to the digests of 1 KiB, in milliseconds. */
export interface FirstHashFigures {
  readonly firstMs: Summary;
  /** The same once more in the same page. */
  readonly againMs: Summary;
  readonly browser: string;
}

const ENTRY = join(REPOSITORY, "client-sdk", "src", "entries", "native.ts");
const WAIT_MAX_MS = 20_000;

/** MD5 of 1024 zeros, which shows that the page really hashed. */
const EXPECTED_MD5 = "0f343b0931126a20f133d67c2b018a3b";

/** The page's own script: it hashes as soon as the page has loaded, and then again. */
const SCRIPT = `
import { hashBytes } from ${JSON.stringify(ENTRY)};
const hash = async () => {
  const startedAt = performance.now();
  const { md5 } = await hashBytes(new Uint8Array(1024), ["md5", "crc32", "sha1"]);
  return { md5, ms: performance.now() - startedAt };
};
addEventListener("load", async () => {
  const { md5, ms } = await hash();
  globalThis.hashTimes = { md5, firstMs: ms, againMs: (await hash()).ms };
});
`;
const PAGE =
  '<!doctype html><meta charset="utf-8"><title>First hash</title><script type="module" src="/app.js"></script>';

/** Bundles the client's entry the way an app does: what is loaded on demand in files of its own. */
async function bundle(folder: string): Promise<ReadonlyMap<string, Blob>> {
  const entry = join(folder, "app.ts");
  await Bun.write(entry, SCRIPT);
  const { outputs } = await Bun.build({
    entrypoints: [entry],
    target: "browser",
    format: "esm",
    splitting: true,
    minify: true,
    throw: true,
  });
  return new Map(outputs.map((output) => [`/${basename(output.path)}`, output]));
}

/** Measures in a browser with an empty cache for each page; null, with the reason printed, where there is none. */
export async function measureFirstHash(cleanup: Cleanup, rounds: number): Promise<FirstHashFigures | null> {
  if (requireChromium() === null) return null;
  const files = await bundle(createFolder(cleanup, "page"));
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/") return new Response(PAGE, { headers: { "content-type": "text/html" } });
      const file = files.get(pathname);
      return file === undefined
        ? new Response(null, { status: 404 })
        : new Response(file, { headers: { "content-type": "text/javascript" } });
    },
  });
  cleanup.add(() => server.stop(true));
  const chromium = await openChromium();
  cleanup.add(() => chromium.close());
  const first: number[] = [];
  const again: number[] = [];
  // One round more than counts, in which the browser itself warms up.
  for (let round = 0; round <= rounds; round += 1) {
    const { firstMs, againMs } = await openFresh(chromium, server.url.href);
    if (round === 0) continue;
    first.push(firstMs);
    again.push(againMs);
  }
  const browser = await chromium.browser.version();
  return { firstMs: summarize(first), againMs: summarize(again), browser };
}

interface Times {
  readonly md5: string;
  readonly firstMs: number;
  readonly againMs: number;
}

async function openFresh({ browser }: Chromium, url: string): Promise<Times> {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    await page.goto(url);
    const found = await page.waitForFunction("globalThis.hashTimes", { timeout: WAIT_MAX_MS });
    const times = (await found.jsonValue()) as Times;
    if (times.md5 === EXPECTED_MD5) return times;
    throw new BenchError(`the page found ${times.md5} instead of ${EXPECTED_MD5}`);
  } finally {
    await context.close();
  }
}
