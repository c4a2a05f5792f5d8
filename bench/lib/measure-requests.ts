import type { ApiClient } from "./api-client.ts";
import { BenchError } from "./bench-error.ts";
import type { LoadGenerator, LoadPlan, LoadResult } from "./load.ts";
import { readChildrenCpuMs, readCpuMs } from "./processes.ts";
import { REFERENCE_LOADS, type ReferenceLoad } from "./reference.data.ts";

/** One kind of request that is measured. */
export interface RequestCase {
  readonly name: string;
  /** Asked for in turn. */
  readonly paths: readonly string[];
  readonly isSignedIn: boolean;
  /** Null where the reference has no figure. */
  readonly reference: ReferenceLoad | null;
  /** Least multiple of the reference; null without a budget. */
  readonly budgetRatio: number | null;
}

/** What the cases ask for. */
export interface RequestInput {
  readonly romIds: readonly number[];
  readonly platformId: number;
}

const LEAN = "with_char_index=false&with_filter_values=false&with_rom_id_index=false";

const PAGES_IN_TURN = 270;
/** Rows between them: the last one begins at about 10,000. */
const PAGE_STEP = 37;

/** Every case, the cheap ones first. */
export function listCases({ romIds, platformId }: RequestInput): readonly RequestCase[] {
  const list = "/api/roms?limit=72";
  const ids = (suffix: string) => romIds.map((id) => `/api/roms/${id}${suffix}`);
  const loads = REFERENCE_LOADS;
  const by = (reference: ReferenceLoad, budgetRatio: number) => ({
    isSignedIn: true,
    reference,
    budgetRatio,
  });
  const turns = `${romIds.length} in turn`;
  return [
    { name: "heartbeat", paths: ["/api/heartbeat"], ...by(loads.heartbeat, 100) },
    {
      name: "heartbeat, not signed in",
      paths: ["/api/heartbeat"],
      ...by(loads.heartbeat, 100),
      isSignedIn: false,
    },
    { name: "platforms", paths: ["/api/platforms"], ...by(loads.platforms, 50) },
    { name: `rom, ${turns}`, paths: ids(""), ...by(loads.romDetail, 100) },
    { name: `rom simple, ${turns}`, paths: ids("/simple"), ...by(loads.romSimple, 100) },
    { name: "roms?limit=72", paths: [list], ...by(loads.romList, 100) },
    {
      name: "roms, of a platform",
      paths: [`${list}&platform_ids=${platformId}`],
      ...by(loads.romListPlatform, 100),
    },
    { name: "roms, search", paths: [`${list}&search_term=crystal`], ...by(loads.romListSearch, 100) },
    {
      name: "roms, offset=15000",
      paths: [`${list}&offset=15000`],
      isSignedIn: true,
      reference: null,
      budgetRatio: null,
    },
    {
      // More than are kept: every page is made, what all pages share is not.
      name: `roms, ${PAGES_IN_TURN} pages in turn`,
      paths: Array.from({ length: PAGES_IN_TURN }, (_, page) => `${list}&offset=${page * PAGE_STEP}`),
      isSignedIn: true,
      reference: loads.romList,
      budgetRatio: null,
    },
    { name: "roms, lean", paths: [`${list}&${LEAN}`], ...by(loads.romListLean, 100) },
    {
      name: "roms, lean, offset=15000",
      paths: [`${list}&${LEAN}&offset=15000`],
      ...by(loads.romListLeanDeep, 100),
    },
  ];
}

/** What one case gave. */
export interface RequestFigures extends LoadResult {
  readonly perSecond: number;
  /** Body of one answer. */
  readonly bytes: number;
  readonly serverCpuMsPerRequest: number;
  readonly databaseCpuMsPerRequest: number;
}

export interface MeasureOptions {
  readonly client: ApiClient;
  readonly serverPid: number;
  readonly generator: LoadGenerator;
  readonly connections: number;
  readonly seconds: number;
  readonly warmSeconds: number;
}

/** Asks once, warms up, then measures. */
export async function measureRequests(each: RequestCase, options: MeasureOptions): Promise<RequestFigures> {
  const { client, serverPid, generator, connections } = options;
  const plan: Omit<LoadPlan, "seconds"> = {
    origin: client.url,
    paths: each.paths,
    authorization: each.isSignedIn ? client.authorization : null,
    connections,
  };
  const bytes = await probe(each, client);
  await generator.run({ ...plan, seconds: options.warmSeconds });
  const before = { server: readCpuMs(serverPid), database: readChildrenCpuMs(serverPid) };
  const result = await generator.run({ ...plan, seconds: options.seconds });
  if (result.requests === 0) throw new BenchError(`${each.name}: no request was answered`);
  return {
    ...result,
    perSecond: result.requests / result.seconds,
    bytes,
    serverCpuMsPerRequest: (readCpuMs(serverPid) - before.server) / result.requests,
    databaseCpuMsPerRequest: Math.max(0, readChildrenCpuMs(serverPid) - before.database) / result.requests,
  };
}

/** An error answer would be fast, too. */
async function probe(each: RequestCase, client: ApiClient): Promise<number> {
  const headers = each.isSignedIn ? { authorization: client.authorization } : {};
  const response = await fetch(`${client.url}${each.paths[0]}`, { headers });
  const body = await response.bytes();
  if (response.status === 200 && body.length > 2) return body.length;
  throw new BenchError(`${each.name} answered ${response.status} with ${body.length} bytes`);
}
