import { afterEach, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { ChromiumError, openChromium, type PageMessage, requireChromium } from "./chromium.ts";

const isMissing = requireChromium() === null;
const before = { MULTITAP_CHROMIUM: process.env.MULTITAP_CHROMIUM, MULTITAP_CI: process.env.MULTITAP_CI };

afterEach(() => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

const listProfiles = async () =>
  (await readdir(tmpdir())).filter((name) => name.startsWith("multitap-chromium-"));

/** Profiles named in the arguments of running processes. */
async function listRunning(): Promise<string> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = pids.map((pid) =>
    Bun.file(`/proc/${pid}/cmdline`)
      .text()
      .catch(() => ""),
  );
  return (await Promise.all(lines)).join("\n");
}

async function profileOf(work: () => Promise<void>): Promise<string[]> {
  const known = new Set(await listProfiles());
  await work();
  return (await listProfiles()).filter((name) => !known.has(name));
}

test("requireChromium takes the program that is named, and fails without one where skipping is a failure", () => {
  process.env.MULTITAP_CHROMIUM = "/bin/sh";
  expect(requireChromium()).toBe("/bin/sh");
  process.env.MULTITAP_CHROMIUM = "/no/such/browser";
  delete process.env.MULTITAP_CI;
  expect(requireChromium()).toBeNull();
  process.env.MULTITAP_CI = "1";
  expect(() => requireChromium()).toThrow("/no/such/browser is not installed");
});

describe.skipIf(isMissing)("openChromium", () => {
  test("runs a page, forwards what it says, and leaves nothing", async () => {
    const messages: PageMessage[] = [];
    await using chromium = await openChromium({ onPageMessage: (message) => messages.push(message) });
    const profiles = (await listProfiles()).filter((name) => name.length > 0);
    const page = await chromium.openPage();
    await using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Response("<title>here</title>", { headers: { "content-type": "text/html" } }),
    });
    await page.goto(server.url.href);
    expect(await page.title()).toBe("here");
    expect(await page.evaluate("6 * 7")).toBe(42);
    await page.evaluate('console.warn("careful"); setTimeout(() => { throw new TypeError("thrown") }, 0)');
    for (let wait = 0; wait < 200 && messages.length < 2; wait += 1) await Bun.sleep(10);
    expect(messages[0]).toEqual({ kind: "console", text: "warn: careful" });
    expect(messages[1]?.kind).toBe("error");
    expect(messages[1]?.text).toContain("thrown");
    await chromium.close();
    await chromium.close();
    const running = await listRunning();
    const left = await listProfiles();
    // Others may run one at the same time; of those seen here, this one is gone.
    expect(profiles.filter((name) => !left.includes(name) && !running.includes(name))).not.toEqual([]);
  });

  test("ends after an abort, also during the start", async () => {
    const abort = new AbortController();
    const reason = new DOMException("enough", "AbortError");
    const left = await profileOf(async () => {
      const opening = openChromium({ signal: abort.signal }).catch((error: unknown) => error);
      await Bun.sleep(30);
      abort.abort(reason);
      expect(await opening).toBe(reason);
    });
    expect(left).toEqual([]);
    const later = new AbortController();
    const chromium = await openChromium({ signal: later.signal });
    later.abort();
    await chromium.close();
    expect(chromium.browser.connected).toBe(false);
  });

  test("says what the program printed when it does not start", async () => {
    const program = `${tmpdir()}/multitap-not-a-browser-${process.pid}`;
    await Bun.write(program, "#!/bin/sh\necho no display here >&2\nexit 7\n");
    await Bun.spawn(["chmod", "0755", program]).exited;
    process.env.MULTITAP_CHROMIUM = program;
    const left = await profileOf(async () => {
      const error = await openChromium().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ChromiumError);
      expect(String(error)).toContain("Chromium ended with 7: no display here");
    });
    await Bun.file(program).delete();
    expect(left).toEqual([]);
  });
});
