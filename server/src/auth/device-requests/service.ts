import * as v from "valibot";
import type { Context } from "../../base/context.ts";
import { sha256Hex } from "../../base/ids.ts";
import { ScopeName } from "../../base/schemas.ts";
import { type CodeEntry, reserveCode } from "../codes/service.ts";
import { DEVICE_FLOW_INTERVAL_MS, DEVICE_FLOW_OUTCOME_TTL_MS, DEVICE_FLOW_TTL_MS } from "../limits.ts";

/** Everything the store keeps of device flows. No code of a device and no token lies in it. */

type Scene = Pick<Context, "ports">;

const DeviceRequest = v.object({
  clientDeviceIdentifier: v.string(),
  name: v.string(),
  client: v.string(),
  platform: v.nullable(v.string()),
  clientVersion: v.nullable(v.string()),
  requestedScopes: v.array(ScopeName),
  expiresAtMs: v.number(),
});

/** What a device asked for. */
export type DeviceRequest = v.InferOutput<typeof DeviceRequest>;

const Approval = v.object({
  status: v.literal("approved"),
  tokenId: v.number(),
  userId: v.number(),
  deviceId: v.string(),
});
const Decision = v.variant("status", [Approval, v.object({ status: v.literal("denied") })]);

/** A token that waits for its device; its secret is made when the device fetches it. */
export type Approval = v.InferOutput<typeof Approval>;
/** What became of a request. */
export type Decision = v.InferOutput<typeof Decision>;

/** A fetched approval, and the key of the call that fetched it. */
const Fetched = v.object({ ...Approval.entries, repeatKey: v.string() });

const userCodeKey = (userCode: string) => `device-flow:user-code:${userCode}`;
const requestKey = (requestId: string) => `device-flow:request:${requestId}`;
const decisionKey = (requestId: string) => `device-flow:decision:${requestId}`;
const fetchedKey = (requestId: string) => `device-flow:fetched:${requestId}`;
const pollKey = (requestId: string) => `device-flow:poll:${requestId}`;

/** Names a request without telling its device code, which whoever reads the store must not learn. */
export function toRequestId(deviceCode: string): string {
  return sha256Hex(deviceCode);
}

/**
 * Keeps a request for `DEVICE_FLOW_TTL_MS`.
 * @returns The user code under which it can be decided.
 */
export async function keepRequest(ctx: Scene, requestId: string, request: DeviceRequest): Promise<string> {
  const entry: CodeEntry = { text: requestId, ttlMs: DEVICE_FLOW_TTL_MS };
  // The request first: a code that leads nowhere would be a lie.
  await ctx.ports.kv.set(requestKey(requestId), JSON.stringify(request), { ttlMs: DEVICE_FLOW_TTL_MS });
  return await reserveCode(ctx, userCodeKey, entry);
}

/** A request that somebody may decide about. */
export interface OpenRequest {
  readonly userCode: string;
  readonly requestId: string;
  readonly request: DeviceRequest;
}

/** Finds what waits under a user code; null when nothing does. */
export async function findOpenRequest(ctx: Scene, userCode: string): Promise<OpenRequest | null> {
  const requestId = await ctx.ports.kv.get(userCodeKey(userCode));
  const request = requestId === null ? null : await findRequest(ctx, requestId);
  return requestId === null || request === null ? null : { userCode, requestId, request };
}

/** Finds a request that nobody has decided about; null when it is gone. */
export async function findRequest(ctx: Scene, requestId: string): Promise<DeviceRequest | null> {
  return parseJson(DeviceRequest, await ctx.ports.kv.get(requestKey(requestId)));
}

/** Takes the right to decide: of any number of callers exactly one gets true. */
export async function claimRequest(ctx: Scene, { userCode }: OpenRequest): Promise<boolean> {
  return (await ctx.ports.kv.take(userCodeKey(userCode))) !== null;
}

/** Gives the right to decide back, for the rest of the request's life. */
export async function unclaimRequest(
  ctx: Scene,
  { userCode, requestId, request }: OpenRequest,
): Promise<void> {
  const leftMs = request.expiresAtMs - ctx.ports.clock.now().getTime();
  if (leftMs > 0) await ctx.ports.kv.set(userCodeKey(userCode), requestId, { ttlMs: leftMs });
}

/** Keeps the decision for the device: an approval for the rest of the request's life, a refusal for a while. */
export async function keepDecision(ctx: Scene, open: OpenRequest, decision: Decision): Promise<void> {
  const { kv, clock } = ctx.ports;
  const leftMs = decision.status === "denied" ? 0 : open.request.expiresAtMs - clock.now().getTime();
  const ttlMs = Math.max(leftMs, DEVICE_FLOW_OUTCOME_TTL_MS);
  await kv.set(decisionKey(open.requestId), JSON.stringify(decision), { ttlMs });
  await kv.remove([requestKey(open.requestId)]);
}

/** Finds what was decided; null when nothing was, or the device has fetched it. */
export async function findDecision(ctx: Scene, requestId: string): Promise<Decision | null> {
  return parseJson(Decision, await ctx.ports.kv.get(decisionKey(requestId)));
}

/**
 * Takes an approval for its device: of any number of callers exactly one gets it.
 * @param repeatKey The call may be sent again under this key; null when it will not be.
 */
export async function takeApproval(
  ctx: Scene,
  requestId: string,
  repeatKey: string | null,
): Promise<Approval | null> {
  const { kv } = ctx.ports;
  const approval = parseJson(Approval, await kv.take(decisionKey(requestId)));
  if (approval !== null && repeatKey !== null) {
    const fetched = JSON.stringify({ ...approval, repeatKey });
    await kv.set(fetchedKey(requestId), fetched, { ttlMs: DEVICE_FLOW_OUTCOME_TTL_MS });
  }
  return approval;
}

/** Gives an approval back that could not be handed out. */
export async function returnApproval(ctx: Scene, requestId: string, approval: Approval): Promise<void> {
  const options = { ttlMs: DEVICE_FLOW_OUTCOME_TTL_MS };
  await ctx.ports.kv.set(decisionKey(requestId), JSON.stringify(approval), options);
}

/** Finds the approval that a call with the same key has fetched a moment ago. */
export async function findFetched(
  ctx: Scene,
  requestId: string,
  repeatKey: string | null,
): Promise<Approval | null> {
  if (repeatKey === null) return null;
  const fetched = parseJson(Fetched, await ctx.ports.kv.get(fetchedKey(requestId)));
  return fetched?.repeatKey === repeatKey ? fetched : null;
}

/** Notes a poll; true when the one before was too short a while ago. Every poll begins the pause anew. */
export async function isTooEarly(ctx: Scene, requestId: string): Promise<boolean> {
  const options = { ttlMs: DEVICE_FLOW_INTERVAL_MS, sliding: true };
  return (await ctx.ports.kv.increment(pollKey(requestId), options)).value > 1;
}

function parseJson<T>(schema: v.GenericSchema<unknown, T>, text: string | null): T | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return parsed.success ? parsed.output : null;
}
