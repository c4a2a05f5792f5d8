import { noteAudit } from "../../audit/service.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { createHexToken } from "../../base/ids.ts";
import { invalidInput, operation } from "../../base/operation.ts";
import { countAttempt, networkOf, type RateLimit } from "../../base/rate-limit.ts";
import { isBrowserIdentifier } from "../../devices/service.ts";
import { findFreshAccount } from "../../users/accounts/service.ts";
import { findRepeatKey } from "../codes/service.ts";
import {
  type Approval,
  findDecision,
  findFetched,
  findRequest,
  isTooEarly,
  keepRequest,
  returnApproval,
  takeApproval,
  toRequestId,
} from "../device-requests/service.ts";
import {
  DEVICE_CODE_BYTES,
  DEVICE_FLOW_INTERVAL_MS,
  DEVICE_FLOW_TTL_MS,
  DEVICE_FLOWS_OVERALL_MAX,
  DEVICE_FLOWS_PER_ADDRESS_MAX,
  DEVICE_POLLS_PER_ADDRESS_MAX,
  PAIRING_WINDOW_MS,
} from "../limits.ts";
import { isExpired, renewSecret } from "../token-secrets/service.ts";
import {
  DeviceCodeInput,
  type DeviceGrant,
  DeviceGrantSchema,
  StartDeviceFlowInput,
  type StartedDeviceFlow,
  StartedDeviceFlowSchema,
} from "./contract.ts";
import { sortScopes } from "./rules.ts";

/** Page of the server where a user types the code. */
const VERIFICATION_PATH = "/pair/device";

const windowMs = PAIRING_WINDOW_MS;
const STARTS: RateLimit = { name: "device-init", attemptsMax: DEVICE_FLOWS_PER_ADDRESS_MAX, windowMs };
const STARTS_OVERALL: RateLimit = { name: "device-inits", attemptsMax: DEVICE_FLOWS_OVERALL_MAX, windowMs };
const POLLS: RateLimit = { name: "device-token", attemptsMax: DEVICE_POLLS_PER_ADDRESS_MAX, windowMs };

/** Begins to let a device in: it shows the user code, and polls with the device code until somebody has decided. */
export const startDeviceFlow = operation(
  {
    type: "mutation",
    scope: "public",
    input: StartDeviceFlowInput,
    output: StartedDeviceFlowSchema,
    storesNoAnswer: true,
  },
  async (ctx, input): Promise<StartedDeviceFlow> => {
    const message = "Too many authorize attempts. Try again later.";
    await countOrRefuse(ctx, { limit: STARTS, who: networkOf(ctx), message });
    await countOrRefuse(ctx, { limit: STARTS_OVERALL, who: "all", message });
    requireAppIdentifier(input.clientDeviceIdentifier);
    const deviceCode = createHexToken(DEVICE_CODE_BYTES);
    const userCode = await keepRequest(ctx, toRequestId(deviceCode), {
      ...input,
      requestedScopes: sortScopes(input.requestedScopes),
      expiresAtMs: ctx.ports.clock.now().getTime() + DEVICE_FLOW_TTL_MS,
    });
    return {
      deviceCode,
      userCode,
      verificationPath: VERIFICATION_PATH,
      verificationPathComplete: `${VERIFICATION_PATH}?user_code=${userCode}`,
      expiresInSeconds: DEVICE_FLOW_TTL_MS / 1000,
      intervalSeconds: DEVICE_FLOW_INTERVAL_MS / 1000,
    };
  },
);

async function countOrRefuse(
  ctx: Context,
  { limit, who, message }: { readonly limit: RateLimit; readonly who: string; readonly message: string },
): Promise<void> {
  const { isAllowed, retryAfterMs } = await countAttempt(ctx, limit, who);
  if (!isAllowed) throw new AppError("rate_limited", "DEVICE_FLOW_LIMIT", { message, retryAfterMs });
}

function requireAppIdentifier(identifier: string): void {
  if (!isBrowserIdentifier(identifier)) return;
  const message = "Identifiers of this form belong to browsers";
  throw invalidInput([{ path: ["clientDeviceIdentifier"], type: "check", message, input: identifier }]);
}

/**
 * Gives a device that was let in its token, once; a poll that is sent again under the same idempotency key,
 * because the answer was lost, gets another secret of the same token.
 * @throws AppError `DEVICE_FLOW_PENDING`, `DEVICE_FLOW_SLOW_DOWN`, `DEVICE_FLOW_DENIED`, `DEVICE_FLOW_EXPIRED`.
 */
export const pollDeviceFlow = operation(
  {
    type: "mutation",
    scope: "public",
    input: DeviceCodeInput,
    output: DeviceGrantSchema,
    storesNoAnswer: true,
  },
  async (ctx, { deviceCode }): Promise<DeviceGrant> => {
    const message = "Too many polling attempts. Try again later.";
    await countOrRefuse(ctx, { limit: POLLS, who: networkOf(ctx), message });
    const requestId = toRequestId(deviceCode);
    const decision = await findDecision(ctx, requestId);
    if (decision?.status === "denied") throw denied();
    const repeatKey = findRepeatKey(ctx);
    const approval = decision === null ? null : await takeApproval(ctx, requestId, repeatKey);
    if (approval !== null) return await handOut(ctx, requestId, approval);
    const fetched = await findFetched(ctx, requestId, repeatKey);
    if (fetched !== null) return await createGrant(ctx, fetched);
    throw await tellWaiting(ctx, requestId);
  },
);

async function tellWaiting(ctx: Context, requestId: string): Promise<AppError> {
  if ((await findRequest(ctx, requestId)) === null) return expired();
  if (!(await isTooEarly(ctx, requestId))) {
    return new AppError("conflict", "DEVICE_FLOW_PENDING", { message: "authorization_pending" });
  }
  return new AppError("rate_limited", "DEVICE_FLOW_SLOW_DOWN", {
    message: "slow_down",
    retryAfterMs: DEVICE_FLOW_INTERVAL_MS,
  });
}

async function handOut(ctx: Context, requestId: string, approval: Approval): Promise<DeviceGrant> {
  try {
    return await createGrant(ctx, approval);
  } catch (error) {
    // A database that was away for a moment is no reason to ask the user again.
    if (!(error instanceof AppError)) await returnApproval(ctx, requestId, approval);
    throw error;
  }
}

async function createGrant(ctx: Context, { tokenId, userId, deviceId }: Approval): Promise<DeviceGrant> {
  const owner = await findFreshAccount(ctx, userId);
  if (owner !== null && !owner.isEnabled) throw denied();
  const token =
    owner === null
      ? null
      : await renewSecret(ctx, {
          tokenId,
          userId,
          accepts: (row) => !isExpired(row, ctx.ports.clock.now()),
          note: (tx, { name }) => {
            const details = { tokenId, deviceId };
            return noteAudit(tx, { action: "device.paired", subject: name, actor: owner, details });
          },
        });
  // The user has removed the token before the device fetched it.
  if (token === null) throw expired();
  const { rawToken, scopes, expiresAt } = token;
  return { accessToken: rawToken, deviceId, scopes: sortScopes(scopes), expiresAt };
}

function denied(): AppError<"forbidden"> {
  return new AppError("forbidden", "DEVICE_FLOW_DENIED", { message: "access_denied" });
}

function expired(): AppError<"not_found"> {
  return new AppError("not_found", "DEVICE_FLOW_EXPIRED", { message: "expired_token" });
}
