import { noteAudit } from "../../audit/service.ts";
import { toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { hasScope, requireAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { Nothing } from "../../base/schemas.ts";
import type { Scope } from "../../base/scopes.ts";
import { inTransaction } from "../../base/transaction.ts";
import { pairAppDevice } from "../../devices/service.ts";
import { parseExpiry } from "../client-tokens/rules.ts";
import { parseCode } from "../codes/rules.ts";
import { countGuess, type GuessLimit, overallLimit, takeBackGuess } from "../codes/service.ts";
import {
  ApproveDeviceInput,
  type ApprovedDevice,
  ApprovedDeviceSchema,
  type PendingDevice,
  PendingDeviceSchema,
  UserCodeInput,
} from "../device-flow/contract.ts";
import { sortScopes } from "../device-flow/rules.ts";
import {
  type Approval,
  claimRequest,
  type DeviceRequest,
  findDecision,
  findOpenRequest,
  keepDecision,
  type OpenRequest,
  unclaimRequest,
} from "../device-requests/service.ts";
import { PAIRING_WINDOW_MS, WRONG_CODES_PER_CALLER_MAX } from "../limits.ts";
import { addToken, createSecret, forgetSecrets } from "../token-secrets/service.ts";

const windowMs = PAIRING_WINDOW_MS;
const QUESTIONS: GuessLimit = {
  perCaller: { name: "device-user-code", attemptsMax: WRONG_CODES_PER_CALLER_MAX, windowMs },
  overall: overallLimit("device-guesses"),
  message: "Too many codes tried. Try again later.",
};

/** Tells a signed-in user what the device behind a user code asks for, and what of that they may grant. */
export const getPendingDevice = operation(
  { type: "query", scope: "me.read", input: UserCodeInput, output: PendingDeviceSchema },
  async (ctx, { userCode }): Promise<PendingDevice> => {
    const { request } = await getOpenRequest(ctx, userCode);
    const { expiresAtMs, ...facts } = request;
    const expiresAt = toInstant(new Date(expiresAtMs));
    return { ...facts, allowedScopes: listAllowed(ctx, request), expiresAt };
  },
);

async function getOpenRequest(ctx: Context, text: string): Promise<OpenRequest> {
  const who = `user-${requireAccountId(ctx)}`;
  const userCode = parseCode(text);
  if (userCode === null) throw unknownCode();
  await countGuess(ctx, QUESTIONS, who);
  const open = await findOpenRequest(ctx, userCode);
  if (open === null) throw unknownCode();
  await takeBackGuess(ctx, QUESTIONS, who);
  return open;
}

function unknownCode(): AppError<"not_found"> {
  return new AppError("not_found", "DEVICE_FLOW_CODE_UNKNOWN", { message: "Unknown or expired code" });
}

function listAllowed(ctx: Context, request: DeviceRequest): readonly Scope[] {
  return request.requestedScopes.filter((scope) => hasScope(ctx.identity, scope));
}

/**
 * Lets a device in: finds or makes it, and binds a new client token to it in place of its earlier ones. The
 * token's secret is made when the device fetches it, so nothing stored opens anything. Of any number of decisions
 * at the same time one counts.
 * @throws AppError `DEVICE_FLOW_SCOPES_EXCEEDED`, `CLIENT_TOKEN_LIMIT`, `CLIENT_TOKEN_EXPIRY_INVALID`; the
 *   request then still waits.
 */
export const approveDevice = operation(
  { type: "mutation", scope: "me.write", input: ApproveDeviceInput, output: ApprovedDeviceSchema },
  async (ctx, input): Promise<ApprovedDevice> => {
    const open = await getOpenRequest(ctx, input.userCode);
    const allowed = new Set<string>(listAllowed(ctx, open.request));
    if (!input.approvedScopes.every((scope) => allowed.has(scope))) {
      throw new AppError("forbidden", "DEVICE_FLOW_SCOPES_EXCEEDED", {
        message: "Approved scopes exceed what's allowed for this user",
      });
    }
    const wish: Wish = {
      name: input.deviceName || open.request.name,
      scopes: sortScopes(input.approvedScopes),
      expiresAt: parseExpiry(input.expiresIn, ctx.ports.clock.now()),
    };
    await claimOrRefuse(ctx, open);
    const approval = await unlessFailed(ctx, open, () => letIn(ctx, open.request, wish));
    await keepDecision(ctx, open, approval);
    return { deviceId: approval.deviceId, deviceName: wish.name };
  },
);

/** Sends a device away; it learns of it within the next minute. */
export const denyDevice = operation(
  { type: "mutation", scope: "me.write", input: UserCodeInput, output: Nothing },
  async (ctx, { userCode }): Promise<null> => {
    const open = await getOpenRequest(ctx, userCode);
    await claimOrRefuse(ctx, open);
    const { name, client } = open.request;
    await unlessFailed(ctx, open, () =>
      noteAudit(ctx, { action: "device.denied", subject: name, details: { client } }),
    );
    await keepDecision(ctx, open, { status: "denied" });
    return null;
  },
);

async function claimOrRefuse(ctx: Context, open: OpenRequest): Promise<void> {
  if (await claimRequest(ctx, open)) return;
  const decision = await findDecision(ctx, open.requestId);
  // Whoever was faster is still at it, or the device has fetched its token already.
  if (decision === null) throw unknownCode();
  const { status } = decision;
  throw new AppError("conflict", "DEVICE_FLOW_DECIDED", {
    message: `Code already ${status}`,
    details: { status },
  });
}

/** Runs the work of a decision; when it fails, the request can be decided again. */
async function unlessFailed<T>(ctx: Context, open: OpenRequest, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await unclaimRequest(ctx, open).catch((cause: unknown) => {
      ctx.ports.log.warn("could not reopen the request of a device", { error: cause });
    });
    throw error;
  }
}

/** What the user grants. */
interface Wish {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
}

async function letIn(ctx: Context, request: DeviceRequest, wish: Wish): Promise<Approval> {
  const userId = requireAccountId(ctx);
  const { clientDeviceIdentifier: identifier, client, clientVersion: version, platform } = request;
  const { name, expiresAt } = wish;
  const { row, replaced, deviceId } = await inTransaction(ctx, async (tx) => {
    const deviceId = await pairAppDevice(tx, userId, { identifier, name, client, version, platform });
    const added = await addToken(tx, {
      userId,
      name,
      deviceId,
      expiresAt,
      createdAt: ctx.ports.clock.now(),
      scopes: wish.scopes.join(" "),
      // Nobody knows what this is the hash of: the token opens nothing until its device has fetched it.
      hashedToken: createSecret().hashedToken,
    });
    const details = { deviceId, client, tokenId: added.row.id, scopes: wish.scopes };
    await noteAudit(tx, { action: "device.approved", subject: name, details });
    return { ...added, deviceId };
  });
  forgetSecrets(ctx.ports, replaced);
  return { status: "approved", tokenId: row.id, userId, deviceId };
}
