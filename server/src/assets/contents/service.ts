import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { findAccountId } from "../../base/identity.ts";
import { countSessionOperation } from "../../devices/sync-sessions/service.ts";
import { isRomVisible } from "../../roms/access/service.ts";
import { noteServed, noteSynced } from "../baselines/service.ts";
import { findReader } from "../callers/service.ts";
import { type AssetContent, findContent } from "../service.ts";
import type { Version, VersionKind } from "../versions/contract.ts";
import { readVersion, versionNotFound } from "../versions/service.ts";

/** The wish for the bytes of a version. */
export interface ContentWish {
  readonly id: number;
  readonly deviceId?: string | undefined;
  readonly sessionId?: number | undefined;
  /** The device has them from now on, without saying so. */
  readonly isOptimistic: boolean;
  /** The bytes are not sent, and nothing is noted. */
  readonly isHeadOnly: boolean;
}

/** The bytes of a version as they are on disk now. */
export interface VersionContent extends AssetContent {
  /** Changes with the bytes. */
  readonly version: string;
}

/** Each kind says so in its own words. */
const CONTENT_MISSING = {
  saves: ["SAVES_CONTENT_MISSING", "Save file not found on disk"],
  states: ["STATES_CONTENT_MISSING", "State file not found on disk"],
} as const;

/**
 * The bytes of a version of the caller's, or of a public one. A device of the owner's has them from now on, unless it
 * says that it will tell.
 * @throws AppError `SAVES_NOT_FOUND`, `STATES_NOT_FOUND`, `SAVES_CONTENT_MISSING`, `STATES_CONTENT_MISSING`,
 *   `DEVICES_NOT_FOUND`.
 */
export async function readVersionContent(
  ctx: Context,
  kind: VersionKind,
  { id, deviceId, sessionId, isOptimistic, isHeadOnly }: ContentWish,
): Promise<VersionContent> {
  const device = await findReader(ctx, deviceId);
  const version = await requireReadable(ctx, kind, id);
  const content = await findContent(ctx, version);
  if (content === null) {
    const [code, message] = CONTENT_MISSING[kind];
    throw new AppError("not_found", code, { message });
  }
  if (isOwner(ctx, version) && !isHeadOnly) {
    await noteServed(ctx, version, device?.id ?? null);
    if (device !== null && isOptimistic) await noteSynced(ctx, device.id, [version]);
    if (sessionId !== undefined) await countSessionOperation(ctx, sessionId, version.userId);
  }
  return { ...content, version: `${version.id}-${version.contentUpdatedAt.getTime().toString(16)}` };
}

function isOwner({ identity }: Context, { userId }: Version): boolean {
  return findAccountId(identity) === userId;
}

async function requireReadable(ctx: Context, kind: VersionKind, id: number): Promise<Version> {
  const version = await readVersion(ctx, kind, id);
  if (version === null) throw versionNotFound(kind, id);
  if (isOwner(ctx, version)) return version;
  if (!version.isPublic || !(await isRomVisible(ctx, version.romId))) throw versionNotFound(kind, id);
  return version;
}
