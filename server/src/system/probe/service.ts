import type { Context, Ports } from "../../base/context.ts";
import { createHexToken } from "../../base/ids.ts";
import { operation } from "../../base/operation.ts";
import { requireOperator } from "../../base/operator.ts";
import { NoInput } from "../../base/schemas.ts";
import { ProbeSchema } from "./contract.ts";
import { PROBE_TTL_MS } from "./limits.ts";

/** Below it lie open probes. */
export const PROBE_ROOT = "/health/probe/";
/** Random bytes that open one. */
const TOKEN_BYTES = 24;
const keyOf = (token: string) => `probe:${token}`;

/** Opens a place where the operator's own program, coming from outside, may try what a proxy lets through. */
export const openProbe = operation(
  {
    type: "mutation",
    scope: "tasks.run",
    input: NoInput,
    output: ProbeSchema,
    storesNoAnswer: true,
    isFleeting: true,
  },
  async (ctx: Context) => {
    requireOperator(ctx);
    const token = createHexToken(TOKEN_BYTES);
    await ctx.ports.kv.set(keyOf(token), "1", { ttlMs: PROBE_TTL_MS });
    return { path: `${PROBE_ROOT}${token}` };
  },
);

/** Whether a secret opens a probe, in whichever process it was opened. */
export async function isProbeOpen({ kv }: Pick<Ports, "kv">, token: string): Promise<boolean> {
  return /^[0-9a-f]{48}$/.test(token) && (await kv.get(keyOf(token))) !== null;
}
