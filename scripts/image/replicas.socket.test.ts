// Two servers on one database behind nginx: one is killed while apps write, and nothing that was acknowledged is lost.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Client, isMultitapError } from "@multitap/client";
import type { TestDatabase } from "@multitap/db/testing";
import { DRIVERS, openExternal } from "../../server/src/app/e2e/identity.testing.ts";
import {
  createAdmin,
  endScenes,
  makeFolder,
  openClient,
  readLibrary,
  runScan,
} from "../../server/src/app/e2e/scene.testing.ts";
import { type RunningServer, startServer, waitFor } from "../../server/src/app/e2e/server-process.testing.ts";
import { requireProgram } from "../testing/require-program.ts";
import { endNginx, type Nginx, startNginx } from "./nginx.testing.ts";

const program = requireProgram("nginx");
const hasPrograms = program !== null && requireProgram("openssl") !== null;
const TEST_MAX_MS = 240_000;
const WRITERS = 6;
/** Saves that each writer has acknowledged before the kill, and after it. */
const SAVES_EACH = 25;
const RETRY_MS = 50;
const SOON_MS = 60_000;

/** A save that a server said it has. */
interface Acknowledged {
  readonly versionId: number;
  readonly sha1: string;
}

/** What the writers saw. */
interface Ledger {
  readonly acknowledged: Acknowledged[];
  readonly perWriter: number[];
  /** Longest time from the first failure of a save to its acknowledgement, in milliseconds. */
  longestGapMs: number;
  failures: number;
  isOver: boolean;
}

interface Writing {
  readonly romId: number;
  readonly ledger: Ledger;
  /** Has a slot of its own. */
  readonly writer: number;
}

/** Stores one save after the other; what fails is sent again, the same bytes, until a server has taken it. */
async function keepWriting(client: Client, { romId, ledger, writer }: Writing): Promise<void> {
  for (let count = 0; !ledger.isOver; count += 1) {
    const bytes = new TextEncoder().encode(`writer ${writer}, save ${count}, ${"x".repeat(2_000)}`);
    const startedAtMs = performance.now();
    const store = () =>
      client.saves.store(
        bytes,
        { romId, slot: `writer-${writer}`, name: "a.srm", force: true },
        { timeoutMs: 10_000 },
      );
    for (let isStored = false; !isStored; ) {
      try {
        const { version } = await store();
        const sha1 = createHash("sha1").update(bytes).digest("hex");
        ledger.acknowledged.push({ versionId: version.id, sha1 });
        ledger.perWriter[writer] = (ledger.perWriter[writer] ?? 0) + 1;
        isStored = true;
      } catch (error) {
        if (!isMultitapError(error)) throw error;
        ledger.failures += 1;
        await Bun.sleep(RETRY_MS);
      }
    }
    ledger.longestGapMs = Math.max(ledger.longestGapMs, performance.now() - startedAtMs);
  }
}

describe.skipIf(!hasPrograms).each(DRIVERS)("two servers behind nginx, with %s", (_driver, environment) => {
  let database: TestDatabase | undefined;
  let servers: readonly RunningServer[] = [];
  let nginx: Nginx;
  let client: Client;
  let romId = 0;

  beforeAll(async () => {
    const external = await openExternal();
    database = external.database;
    const basePath = makeFolder("replicas");
    const folder = join(basePath, "library", "roms", "snes");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "Game (World).sfc"), "0123456789");
    // One folder for both, as they share files of users.
    const start = () =>
      startServer({
        basePath,
        environment: { ...external.environment, ...environment, MULTITAP_RELAY_PORT: "0" },
      });
    servers = [await start(), await start()];
    const [first, second] = servers.map(({ url }) => new URL(url).host);
    nginx = await startNginx(program ?? "", [
      {
        example: "nginx.replicas.conf",
        isTls: false,
        upstreams: { first: first ?? "", second: second ?? "" },
      },
    ]);
    const url = (nginx.urls[0] ?? "").replace("localhost", "127.0.0.1");
    client = openClient({ url }, await createAdmin(url));
    await runScan(client);
    romId = [...(await readLibrary(client)).romIds.values()][0] ?? 0;
  }, TEST_MAX_MS);
  afterAll(async () => {
    await client?.close();
    await endNginx();
    await endScenes();
    await database?.drop();
  }, TEST_MAX_MS);

  /** The one that answers this address; the other takes over. */
  function findServing(): RunningServer | undefined {
    const last = nginx.readUpstreams().at(-1);
    return servers.find(({ url }) => new URL(url).host === last);
  }

  async function readAll(wanted: readonly Acknowledged[]): Promise<number> {
    let found = 0;
    for (const { versionId, sha1 } of wanted) {
      const response = await client.fetch(`/api/saves/${versionId}/content`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (createHash("sha1").update(bytes).digest("hex") === sha1) found += 1;
    }
    return found;
  }

  test(
    "lose nothing that was acknowledged when the one that works is killed, and apps go on by themselves",
    async () => {
      const ledger: Ledger = {
        acknowledged: [],
        perWriter: Array.from({ length: WRITERS }, () => 0),
        longestGapMs: 0,
        failures: 0,
        isOver: false,
      };
      let lastHeardId = 0;
      const stop = client.events(["saves"]).subscribe((event) => {
        if (event.topic === "saves") lastHeardId = Math.max(lastHeardId, event.data.versionId);
      });
      const writing = Promise.all(
        ledger.perWriter.map((_, writer) => keepWriting(client, { romId, ledger, writer })),
      );
      const haveAll = (count: number) => ledger.perWriter.every((own) => own >= count);
      expect(await waitFor(async () => haveAll(SAVES_EACH), SOON_MS)).toBe(true);

      const serving = findServing();
      expect(serving).toBeDefined();
      const before = ledger.acknowledged.length;
      serving?.signal("SIGKILL");
      await serving?.ended;
      const killedAtMs = performance.now();
      expect(await waitFor(async () => ledger.acknowledged.length > before + WRITERS, SOON_MS)).toBe(true);
      const recoveredMs = performance.now() - killedAtMs;
      expect(await waitFor(async () => haveAll(2 * SAVES_EACH), SOON_MS)).toBe(true);
      // The same listener hears of saves that the other server took.
      const newest = ledger.acknowledged.at(-1)?.versionId ?? 0;
      expect(await waitFor(async () => lastHeardId >= newest, SOON_MS)).toBe(true);
      ledger.isOver = true;
      await writing;
      stop();

      const { acknowledged, failures, longestGapMs } = ledger;
      console.log(
        `killed after ${before} saves; writing went on after ${Math.round(recoveredMs)} ms; ${acknowledged.length} acknowledged in all, ${failures} attempts failed, longest save ${Math.round(longestGapMs)} ms`,
      );
      expect(await readAll(acknowledged)).toBe(acknowledged.length);
      expect(findServing()).not.toBe(serving);
    },
    TEST_MAX_MS,
  );
});
